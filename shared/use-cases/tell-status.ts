// Notes the status of a pool, queue or deployment where it changed since it was last told; the note becomes an event
// on its way through the table's stream. Who asks twice, or at the same time as others, tells nothing twice.
import type { Deployment, WorkPool, WorkQueue } from '../domain/catalogue.ts';
import { deploymentPlace, poolStatusPlace, queuePlace, type Telling } from '../domain/event/catalogue-event.ts';
import { timedId } from '../domain/identity.ts';
import {
  type TimedStatus,
  timedDeploymentStatus,
  timedPoolStatus,
  timedQueueStatus,
} from '../domain/work-pool/status.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Statuses, StatusRef, ToldStatus } from '../ports/statuses.ts';
import type { World } from '../ports/world.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import type { Names } from './names.ts';

export type TellStatusDeps = {
  readonly world: Pick<World, 'now' | 'newId'>;
  readonly catalogue: Pick<Catalogue, 'deployments' | 'workPools' | 'workQueues' | 'workers'>;
  readonly names: Pick<Names, 'pool' | 'queue' | 'around'>;
  readonly statuses: Pick<Statuses, 'read' | 'write' | 'remove'>;
};

/**
 * What to look at: `thing` as it was when it changed, where that is known; otherwise as it is now. A change that was
 * looked at already, because its record comes again, has nothing to tell.
 */
export type StatusLook =
  | { readonly kind: 'work-pool'; readonly key: string; readonly thing?: WorkPool | undefined }
  | { readonly kind: 'work-queue'; readonly key: string; readonly thing?: WorkQueue | undefined }
  | { readonly kind: 'deployment'; readonly key: string; readonly thing?: Deployment | undefined };

/** @throws ContentionError, or what the store throws: then it may simply be asked again */
export async function tellStatus(deps: TellStatusDeps, look: StatusLook): Promise<void> {
  const ref: StatusRef = { kind: look.kind, key: look.key };
  for (let race = 0; race < maximumRaces; race += 1) {
    const [before, found] = await Promise.all([deps.statuses.read(ref), statusOf(deps, look)]);
    const isOld = before !== undefined && look.thing !== undefined && look.thing.version <= before.of;
    if (isOld) return;
    if (found === undefined) {
      if (before !== undefined) await deps.statuses.remove(ref);
      return;
    }
    const after = nextTold(ref, { before, found, now: deps.world.now(), newId: deps.world.newId });
    if (after === undefined || (await deps.statuses.write(before, after)) === 'written') return;
  }
  throw new ContentionError(`status of ${ref.kind} ${ref.key}`);
}

type Place = Pick<Telling, 'resource' | 'related'>;
type Found = TimedStatus & Place & { readonly of: number };

type Seen = {
  readonly before: ToldStatus | undefined;
  readonly found: Found;
  readonly now: number;
  readonly newId: () => string;
};

/** Undefined: everything was told, and the clock looks in time. */
function nextTold(ref: StatusRef, { before, found, now, newId }: Seen): ToldStatus | undefined {
  const { status, until, resource, related, of } = found;
  const due = until === undefined ? {} : { dueAt: until };
  const version = (before?.version ?? 0) + 1;
  if (before?.status === status) {
    const isWatched = until === undefined ? before.dueAt === undefined : (before.dueAt ?? 0) > now;
    const { dueAt: _dueAt, ...same } = before;
    return isWatched ? undefined : { ...same, ...due, of, version };
  }
  // Queues and deployments begin as not ready without a word; Prefect tells it of new pools.
  if (before === undefined && status === 'NOT_READY' && ref.kind !== 'work-pool') return undefined;
  const event = { id: timedId(now, newId()), resource, related, ...followed(ref, before, now) };
  return { ...ref, status, at: now, event, of, version, ...due };
}

/** Statuses of a pool follow closely upon each other when somebody plays with the switch. */
const followedMs = 10 * 60_000;

function followed({ kind }: StatusRef, before: ToldStatus | undefined, now: number): { follows?: string } {
  const isFollowed = kind === 'work-pool' && before !== undefined && now - before.at < followedMs;
  return isFollowed ? { follows: before.event.id } : {};
}

/** Undefined: it is gone, or has no status. */
async function statusOf(deps: TellStatusDeps, look: StatusLook): Promise<Found | undefined> {
  const { catalogue, names, world } = deps;
  switch (look.kind) {
    case 'work-pool': {
      const pool = look.thing ?? (await catalogue.workPools.read(look.key));
      if (pool === undefined || pool.type === 'prefect-agent') return undefined;
      const workers = pool.isPaused ? [] : await catalogue.workers.list(pool.name);
      return { ...timedPoolStatus(pool, workers, world.now()), ...poolStatusPlace(pool), of: pool.version };
    }
    case 'work-queue': {
      const queue = look.thing ?? (await catalogue.workQueues.read(look.key));
      if (queue === undefined) return undefined;
      const pool = await names.pool(queue.workPoolName);
      return { ...timedQueueStatus(queue, pool, world.now()), ...queuePlace(queue, { pool }), of: queue.version };
    }
    case 'deployment': {
      const deployment = look.thing ?? (await catalogue.deployments.read(look.key));
      if (deployment === undefined) return undefined;
      const around = await names.around(deployment);
      const queue = deployment.workQueueId === undefined ? undefined : await freshQueue(deps, deployment.workQueueId);
      const status = timedDeploymentStatus(deployment, { pool: around.pool, queue }, world.now());
      return { ...status, ...deploymentPlace(deployment, around), of: deployment.version };
    }
  }
}

/** When it was polled last is what counts, so no memory will do, except for a queue that is gone. */
async function freshQueue({ catalogue, names }: TellStatusDeps, id: string): Promise<WorkQueue | undefined> {
  return (await catalogue.workQueues.read(id)) ?? names.queue(id);
}
