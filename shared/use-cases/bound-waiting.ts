// Keeps the waiting runs of a pool, queue or deployment within its bounds: one more is refused, or takes the place of
// who waits longest. Counted from the lanes' index, which lags by moments: requests at the same time may pass a bound by
// a few. Runs that are planned ahead do not wait before they are due.
import type { Deployment, WorkPool } from '../domain/catalogue.ts';
import type { Lane } from '../domain/run/run.ts';
import { type WaitingBounds, waitingBounds } from '../domain/work-pool/waiting-bounds.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Lanes, WaitingRun } from '../ports/runs.ts';
import { type CancelDeps, cancelWaiting } from './cancel-waiting.ts';

export type BoundDeps = CancelDeps & {
  readonly lanes: Pick<Lanes, 'ofPool'>;
  readonly catalogue: Pick<Catalogue, 'workPools'>;
  /** The pool as it was a few seconds ago at most, where somebody remembers it. @default reads it */
  readonly recentPool?: (name: string) => Promise<WorkPool | undefined>;
};

export type BoundedPlace = {
  readonly deployment?: Deployment | undefined;
  readonly workPoolName?: string;
  readonly workQueueId?: string;
  readonly workQueueName?: string;
  /** When the new run is due, epoch ms. */
  readonly scheduledTime?: number;
};

export type Admitted =
  /** `dropped`: who has to go once the new run is recorded. */
  | { readonly kind: 'admitted'; readonly dropped: readonly string[] }
  | { readonly kind: 'full'; readonly reason: string };

const free: Admitted = { kind: 'admitted', dropped: [] };
/** One request makes room for itself and for a few that raced it. */
const mostDropped = 10;
/** What callers are told to wait who were refused, in seconds. */
export const fullRetrySeconds = 10;

/** Whether one more run may wait here. Without bounds nothing is counted. */
export async function boundWaiting(deps: BoundDeps, place: BoundedPlace): Promise<Admitted> {
  const { deployment, workPoolName, workQueueName, scheduledTime = 0 } = place;
  if (workPoolName === undefined || scheduledTime > deps.world.now()) return free;
  const pool = await (deps.recentPool ?? deps.catalogue.workPools.read)(workPoolName);
  const named = workQueueName === undefined ? {} : { queueName: workQueueName };
  const bounds = waitingBounds({ ...(pool === undefined ? {} : { pool }), ...named, deployment });
  const scopes = scopesOf(bounds, { ...place, workPoolName });
  const verdicts = await Promise.all(scopes.map((scope) => judge(deps, scope, bounds)));
  const full = verdicts.find((verdict) => verdict.kind === 'full');
  if (full !== undefined) return full;
  return { kind: 'admitted', dropped: [...new Set(verdicts.flatMap((verdict) => dropsOf(verdict)))] };
}

function dropsOf(verdict: Admitted): readonly string[] {
  return verdict.kind === 'admitted' ? verdict.dropped : [];
}

type Scope = {
  readonly name: string;
  readonly most: number;
  readonly poolName: string;
  readonly holds: (lane: Lane) => boolean;
};

function scopesOf(bounds: WaitingBounds, place: BoundedPlace & { readonly workPoolName: string }): readonly Scope[] {
  const { deployment, workPoolName: poolName, workQueueId, workQueueName } = place;
  const scope = (most: number | undefined, name: string, holds: Scope['holds']): Scope[] =>
    most === undefined ? [] : [{ most, name, poolName, holds }];
  return [
    ...scope(bounds.pool, `work pool ${poolName}`, () => true),
    ...scope(bounds.queue, `work queue ${workQueueName}`, (lane) => lane.workQueueId === workQueueId),
    ...scope(bounds.deployment, `deployment ${deployment?.name}`, (lane) => lane.deploymentId === deployment?.id),
  ];
}

async function judge(
  deps: BoundDeps,
  { name, most, poolName, holds }: Scope,
  bounds: WaitingBounds,
): Promise<Admitted> {
  const lanes = (await deps.lanes.ofPool(poolName)).map(({ lane }) => lane).filter(holds);
  const wanted = { until: deps.world.now(), limit: most + mostDropped };
  const waiting = (await Promise.all(lanes.map((lane) => deps.runs.waiting(lane, wanted)))).flat();
  if (waiting.length < most) return free;
  if (bounds.overflow === 'refuse') {
    return { kind: 'full', reason: `${name} has ${most} waiting runs, and no more may wait` };
  }
  return { kind: 'admitted', dropped: oldest(waiting, waiting.length + 1 - most) };
}

function oldest(waiting: readonly WaitingRun[], count: number): readonly string[] {
  const inOrder = waiting.toSorted((one, other) => one.scheduledTime - other.scheduledTime);
  return inOrder.slice(0, Math.min(count, mostDropped)).map(({ runId }) => runId);
}

/** Once the new run is recorded. Who has started meanwhile stays. */
export async function dropWaiting(deps: BoundDeps, runIds: readonly string[]): Promise<void> {
  if (runIds.length === 0) return;
  const runs = await deps.runs.readMany(runIds);
  await cancelWaiting(deps, runs, 'Dropped: newer runs came, and no more may wait.');
}
