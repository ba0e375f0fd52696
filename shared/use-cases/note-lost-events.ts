// A client of a run was cut off because it sent an event larger than the platform carries; it will lose that event and
// perhaps others. Rule: whoever looks at the run sees that its task runs are incomplete, and why.
import type { ConnectionRef, Connections } from '../ports/connections.ts';
import type { Logs } from '../ports/logs.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { type PatchDeps, patchRun } from './patch-run.ts';

export type NoteLostEventsDeps = PatchDeps & {
  readonly connections: Pick<Connections, 'read'>;
  readonly logs: Pick<Logs, 'append'>;
  readonly telemetry: Pick<Telemetry, 'taskRunsIncomplete'>;
};

/** The label that marks such a run. */
const incompleteLabel = 'slipway.task-runs';

export async function noteLostEvents(deps: NoteLostEventsDeps, ref: ConnectionRef, frameBytes: number): Promise<void> {
  const runId = (await deps.connections.read(ref))?.runId;
  const run = runId === undefined ? undefined : await deps.runs.read(runId);
  if (runId === undefined || run === undefined) return;
  // The client comes back with the same event, some ten times.
  const { labels } = await deps.runs.readBody(run);
  if (labels[incompleteLabel] !== undefined) return;
  deps.telemetry.taskRunsIncomplete(runId);
  if ((await patchRun(deps, runId, { labels: { [incompleteLabel]: 'incomplete' } })) === undefined) return;
  const now = deps.world.now();
  await deps.logs.append([
    {
      id: deps.world.newId(),
      created: now,
      timestamp: now,
      flowRunId: runId,
      name: 'slipway.sockets',
      level: 30,
      message: `An event of this run is larger than ${frameBytes} bytes, which API Gateway does not carry: task runs of this run are incomplete. Large task parameters or results in events are the usual cause.`,
    },
  ]);
}
