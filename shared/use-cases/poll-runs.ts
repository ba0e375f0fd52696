// What a hybrid worker (or a served flow) is shown: runs that may start, in the order in which the pump would take them.
// Showing claims nothing: whoever gets PENDING accepted has the run. What its schedule has overtaken is cancelled here,
// as the pump does it.
import { isWaiting, laneOf, startsAt } from '../domain/run/lane.ts';
import type { Lane, Run } from '../domain/run/run.ts';
import { timing } from '../domain/run/timing.ts';
import { type CatchUpRule, catchUpRule } from '../domain/schedule/catch-up.ts';
import { fitCandidates, gateIdsOf } from '../domain/submit/fit.ts';
import { type Candidate, orderCandidates } from '../domain/submit/order.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Limits } from '../ports/limits.ts';
import type { Runs } from '../ports/runs.ts';
import { type CancelDeps, cancelWaiting } from './cancel-waiting.ts';
import { overtakenRuns } from './overtaken-runs.ts';
import {
  type CandidateDeps,
  type OpenPool,
  openLanes,
  openPool,
  placeOfLane,
  waitingCandidates,
} from './waiting-candidates.ts';

export type PollDeps = CandidateDeps &
  CancelDeps & {
    readonly runs: Runs;
    readonly catalogue: Catalogue;
    readonly limits: Pick<Limits, 'gates'>;
  };

export type PoolPoll = {
  readonly workPoolName: string;
  /** All queues when absent or empty. */
  readonly workQueueNames?: readonly string[];
  readonly scheduledBefore?: number;
  readonly limit: number;
};

export type PolledRun = { readonly workPoolId: string; readonly workQueueId: string; readonly run: Run };

/** POST /work_pools/{name}/get_scheduled_flow_runs. No such pool shows nothing; the caller has asked for it before. */
export async function pollRuns(deps: PollDeps, poll: PoolPoll): Promise<readonly PolledRun[]> {
  const pool = await deps.catalogue.workPools.read(poll.workPoolName);
  if (pool === undefined) return [];
  const until = poll.scheduledBefore ?? Number.MAX_SAFE_INTEGER;
  const open = await openPool(deps, pool);
  const candidates = await waitingCandidates(deps, await openLanes(deps, open), { until, limit: poll.limit });
  const wanted = await queueFilter(deps, poll);
  const inOrder = orderCandidates(candidates.filter(({ lane }) => wanted(lane.workQueueId)));
  const chosen = await withRoom(deps, open, await startable(deps, inOrder));
  const runs = await readWaiting(deps, chosen.slice(0, poll.limit), until);
  return runs.flatMap((run) => {
    const lane = laneOf(run);
    return lane === undefined ? [] : [{ workPoolId: pool.id, workQueueId: lane.workQueueId, run }];
  });
}

/** Without those that their schedules have overtaken, which are cancelled. Deployments are read of overdue runs alone. */
async function startable(deps: PollDeps, candidates: readonly Candidate[]): Promise<readonly Candidate[]> {
  const overdue = candidates.filter(({ scheduledTime }) => deps.world.now() - scheduledTime > timing.lateAfter);
  const ids = [...new Set(overdue.flatMap(({ lane }) => lane.deploymentId ?? []))];
  const rules = new Map(await Promise.all(ids.map(async (id) => [id, await ruleOf(deps, id)] as const)));
  const overtaken = await overtakenRuns(deps, overdue, ({ lane }) => rules.get(lane.deploymentId ?? ''));
  const heads = overtaken.size === 0 ? [] : await deps.runs.readMany([...overtaken.keys()]);
  await Promise.all(heads.map((run) => cancelWaiting(deps, [run], overtaken.get(run.id) ?? '')));
  return candidates.filter(({ runId }) => !overtaken.has(runId));
}

async function ruleOf({ catalogue, world }: PollDeps, deploymentId: string): Promise<CatchUpRule | undefined> {
  const deployment = await catalogue.deployments.read(deploymentId);
  if (deployment === undefined) return undefined;
  const { workPoolName } = deployment;
  const pool = workPoolName === undefined ? undefined : await catalogue.workPools.read(workPoolName);
  return catchUpRule({ pool, deployment, sha256: world.sha256 });
}

/**
 * As many as the limits of pool and queues have room for, as Prefect shows them: a queue that is full does not fill a
 * worker's page. The limit of a deployment is asked for PENDING, whose answer says what becomes of the run.
 */
async function withRoom(
  { limits, world }: PollDeps,
  open: readonly OpenPool[],
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const limitsOf = (lane: Lane) => ({ place: placeOfLane(open, lane) });
  const gateIds = [...new Set(candidates.flatMap(({ lane }) => gateIdsOf(limitsOf(lane))))];
  if (gateIds.length === 0) return candidates;
  const gates = new Map((await limits.gates(gateIds)).map((gate) => [gate.id, gate]));
  const most = { runs: candidates.length, takers: candidates.length };
  return fitCandidates(candidates, { limitsOf, gates, most, now: world.now(), overtaken: new Map() }).fit.map(
    ({ candidate }) => candidate,
  );
}

async function queueFilter(deps: PollDeps, { workPoolName, workQueueNames = [] }: PoolPoll) {
  if (workQueueNames.length === 0) return () => true;
  const queues = await deps.catalogue.workQueues.list(workPoolName);
  const ids = new Set(queues.filter(({ name }) => workQueueNames.includes(name)).map(({ id }) => id));
  return (id: string) => ids.has(id);
}

/** The runs themselves, in the candidates' order; what an index still shows but waits no more is left out. */
async function readWaiting(deps: PollDeps, candidates: readonly Candidate[], until: number): Promise<readonly Run[]> {
  const runs = new Map((await deps.runs.readMany(candidates.map(({ runId }) => runId))).map((run) => [run.id, run]));
  return candidates.flatMap(({ runId }) => {
    const run = runs.get(runId);
    return run !== undefined && isWaiting(run) && startsAt(run) <= until ? [run] : [];
  });
}

/** POST /deployments/get_scheduled_flow_runs: what `flow.serve()` polls, by deployment. */
export async function pollDeployments(
  deps: PollDeps,
  poll: { readonly deploymentIds: readonly string[]; readonly scheduledBefore?: number; readonly limit: number },
): Promise<readonly Run[]> {
  const until = poll.scheduledBefore ?? Number.MAX_SAFE_INTEGER;
  const candidates = await Promise.all(
    poll.deploymentIds.map(async (deploymentId) => {
      const deployment = await deps.catalogue.deployments.read(deploymentId);
      // A paused deployment plans no runs; those that somebody asked for are served all the same.
      if (deployment === undefined) return [];
      const lane = laneOf({ ...deployment, deploymentId });
      if (lane === undefined) return [];
      const waiting = await deps.runs.waiting(lane, { until, limit: poll.limit });
      return waiting.map((run) => ({ ...run, lane, priority: 1 }));
    }),
  );
  const inOrder = await startable(deps, orderCandidates(candidates.flat()));
  return readWaiting(deps, inOrder.slice(0, poll.limit), until);
}
