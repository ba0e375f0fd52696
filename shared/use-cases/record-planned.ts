// Records and removes single planned runs. Nothing is removed that anybody has taken up, whatever happened meanwhile.
import type { Deployment } from '../domain/catalogue.ts';
import { isWaiting, startsAt } from '../domain/run/lane.ts';
import type { Run, RunBody } from '../domain/run/run.ts';
import { type PlannedRun, plannedTags } from '../domain/schedule/plan.ts';
import type { PlannedRuns } from '../ports/planned-runs.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import { ContentionError, type HintDeps, hintWaiting, maximumRaces } from './change-run.ts';
import { headOf } from './record-run.ts';

export type RecordPlannedDeps = HintDeps & {
  readonly world: World;
  readonly plannedRuns: PlannedRuns;
  readonly runs: Pick<Runs, 'read' | 'remove'>;
};

/** Heads in one transaction; DynamoDB takes 100 items. */
const runsAWrite = 50;

/** Recorded by a schedule, still ahead, and nobody has taken it up. */
export function isRemovable(run: Run, now: number): boolean {
  return isUntouched(run) && startsAt(run) > now;
}

/** Recorded by a schedule, and nobody has taken it up. */
export function isUntouched(run: Run): boolean {
  return run.autoScheduled && isWaiting(run) && run.attempt === 0 && run.runCount === 0;
}

/** Removes a run as long as the judgement holds for what is there now. */
export async function removePlanned(
  deps: Pick<RecordPlannedDeps, 'runs'>,
  runId: string,
  isMeant: (run: Run) => boolean,
): Promise<void> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const run = await deps.runs.read(runId);
    if (run === undefined || !isMeant(run)) return;
    if ((await deps.runs.remove(run)) === 'written') return;
  }
  throw new ContentionError(`run ${runId}`);
}

type Recording = { readonly run: Run; readonly body: RunBody };

/** @returns how many were recorded; fewer than asked for when somebody else was there */
export async function recordAll(
  deps: RecordPlannedDeps,
  deployment: Deployment,
  missing: readonly PlannedRun[],
): Promise<number> {
  const version = deployment.plan?.version ?? 1;
  let recorded = 0;
  for (let at = 0; at < missing.length; at += runsAWrite) {
    const batch = missing.slice(at, at + runsAWrite).map((planned) => recordingOf(deps.world, deployment, planned));
    if ((await deps.plannedRuns.record(batch, { deploymentId: deployment.id, version })) === 'lost') return recorded;
    recorded += batch.length;
    await Promise.all(batch.map(({ run }) => hintWaiting(deps, run)));
  }
  return recorded;
}

function recordingOf(world: World, deployment: Deployment, planned: PlannedRun): Recording {
  const { workPoolName, workPoolType, workQueueId, workQueueName } = deployment;
  const run = headOf(world, {
    id: planned.id,
    flowId: deployment.flowId,
    deploymentId: deployment.id,
    ...(workPoolName === undefined ? {} : { workPoolName }),
    ...(workPoolType === undefined ? {} : { workPoolType }),
    ...(workQueueId === undefined ? {} : { workQueueId }),
    ...(workQueueName === undefined ? {} : { workQueueName }),
    idempotencyKey: planned.key,
    autoScheduled: true,
    tags: plannedTags(deployment),
    bodyId: planned.bodyId,
    state: {
      type: 'SCHEDULED',
      name: 'Scheduled',
      message: 'Flow run scheduled',
      details: { scheduledTime: planned.at },
    },
  });
  return { run, body: planned.body };
}
