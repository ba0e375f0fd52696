// What `/logs/out` does with a filter: live lines from now on, and what the named runs logged since the filter's time.
// Rule: the subscription stands before the store is read, so a line comes by one of both roads or by both; clients
// drop what they have seen by its id. Prefect sends live lines only: a client that comes back would miss some.
import { type LogFilter, matchesLog } from '../domain/filter/log-filter.ts';
import type { ConnectionRef, Connections } from '../ports/connections.ts';
import type { Logs } from '../ports/logs.ts';
import type { World } from '../ports/world.ts';
import { asJson } from './as-json.ts';
import type { RenderLog } from './fan-out-logs.ts';
import type { Followed } from './follow-events.ts';
import { type SendDeps, sendFrame } from './send-frame.ts';

export type FollowLogsDeps = SendDeps & {
  readonly connections: Pick<Connections, 'subscribe' | 'remove'>;
  readonly logs: Pick<Logs, 'read'>;
  readonly world: Pick<World, 'now'>;
  readonly renderLog: RenderLog;
};

/** Lines of at most so many runs are looked up for a client that comes; of others it gets the live ones. */
const mostRuns = 20;
const longestBackfillMs = 15 * 60_000;

export async function followLogs(
  deps: FollowLogsDeps,
  ref: ConnectionRef,
  { filter, patienceMs }: { readonly filter: LogFilter; readonly patienceMs: number },
): Promise<Followed> {
  const startedAt = deps.world.now();
  const since = Math.max(filter.timestamp?.after_ ?? startedAt, startedAt - longestBackfillMs);
  if (!(await deps.connections.subscribe(ref, { filter: asJson(filter), since }))) return 'gone';
  for (const runId of (filter.flow_run_id?.any_ ?? []).slice(0, mostRuns)) {
    for await (const { lines } of deps.logs.read(runId, { order: 'ASC', after: since })) {
      for (const line of lines) {
        if (line.timestamp < since || !matchesLog(filter, line)) continue;
        if (deps.world.now() > startedAt + patienceMs) return 'cut short';
        if (!(await sendFrame(deps, ref, deps.renderLog(line)))) return 'gone';
      }
    }
  }
  return 'followed';
}
