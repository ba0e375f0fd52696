// What the table's stream tells of flows, deployments, pools, queues, variables and workers: events of what became of
// them, and a look at the status of whatever gave a sign of life or was switched.
// Records may come twice: an event's id is made of the write that it tells of.
import type { Deployment } from '../domain/catalogue.ts';
import { type CatalogueChange, type Surroundings, tellingOf } from '../domain/event/catalogue-event.ts';
import type { PrefectEvent } from '../domain/event/event.ts';
import { derivedId } from '../domain/identity.ts';
import { isBackFromSilence, pollTimeoutMs, workerAliveUntil } from '../domain/work-pool/status.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { EventSink } from '../ports/events.ts';
import type { ThingChange } from '../ports/publishing.ts';
import type { World } from '../ports/world.ts';
import type { Names } from './names.ts';
import { type StatusLook, type TellStatusDeps, tellStatus } from './tell-status.ts';

export type PublishThingsDeps = TellStatusDeps & {
  readonly world: Pick<World, 'now' | 'newId' | 'sha256'>;
  readonly catalogue: Pick<Catalogue, 'flows' | 'deployments' | 'workPools' | 'workQueues' | 'workers'>;
  readonly names: Names;
  readonly eventSink: EventSink;
};

/** @throws when table or queue cannot be reached: the stream brings the batch again */
export async function publishThings(deps: PublishThingsDeps, changes: readonly ThingChange[]): Promise<void> {
  if (changes.length === 0) return;
  for (const change of changes) {
    if (change.kind !== 'worker' && change.kind !== 'status') deps.names.note(change);
  }
  const events = await Promise.all(changes.map((change) => eventOf(deps, change)));
  await deps.eventSink.send(events.flatMap((event) => event ?? []));
  const looks = (await Promise.all(changes.map((change) => looksOf(deps, change)))).flat();
  // What changed twice is told twice, in the order in which it did.
  const byThing = Map.groupBy(looks, ({ kind, key }) => `${kind} ${key}`);
  await Promise.all([...byThing.values()].map((ordered) => lookInOrder(deps, ordered)));
}

async function lookInOrder(deps: PublishThingsDeps, looks: readonly StatusLook[]): Promise<void> {
  for (const look of looks) await tellStatus(deps, look);
}

async function eventOf(deps: PublishThingsDeps, change: ThingChange): Promise<PrefectEvent | undefined> {
  if (change.kind === 'worker') return undefined;
  if (change.kind === 'status') return statusEvent(deps, change);
  const telling = tellingOf(change, await surroundingsOf(deps, change));
  if (telling === undefined) return undefined;
  const id = derivedId(deps.world.sha256, 'event', [change.writtenAs]);
  return { id, ...telling, ...happened(deps, change) };
}

async function surroundingsOf({ names }: PublishThingsDeps, change: CatalogueChange): Promise<Surroundings> {
  if (change.kind === 'deployment') {
    const deployment = change.after ?? change.before;
    return deployment === undefined ? {} : names.around(deployment);
  }
  if (change.kind === 'work-queue') {
    const queue = change.after ?? change.before;
    return queue === undefined ? {} : { pool: await names.pool(queue.workPoolName) };
  }
  return {};
}

/** A thing that was deleted does not say when. */
function happened({ world }: PublishThingsDeps, { after }: CatalogueChange): { occurred: number; received: number } {
  const now = world.now();
  return { occurred: Math.min(after?.updated ?? now, now), received: now };
}

type StatusChange = Extract<ThingChange, { kind: 'status' }>;

function statusEvent({ world }: PublishThingsDeps, { before, after }: StatusChange): PrefectEvent | undefined {
  if (after === undefined || before?.event.id === after.event.id) return undefined;
  return {
    ...after.event,
    occurred: after.at,
    received: world.now(),
    event: `prefect.${after.kind}.${after.status.toLowerCase().replace('_', '-')}`,
    payload: {},
  };
}

/** Only where something may have changed: a poll or heartbeat among others costs no look. */
async function looksOf(deps: PublishThingsDeps, change: ThingChange): Promise<readonly StatusLook[]> {
  switch (change.kind) {
    case 'work-pool': {
      const { before, after } = change;
      const name = (after ?? before)?.name;
      const isSame = before !== undefined && after !== undefined && before.isPaused === after.isPaused;
      return name === undefined || isSame ? [] : [{ kind: 'work-pool', key: name, thing: after }];
    }
    case 'work-queue':
      return await queueLooks(deps, change);
    case 'deployment': {
      const { before, after } = change;
      const id = (after ?? before)?.id;
      const isSame = before !== undefined && after !== undefined && !isNoticed(before, after);
      return id === undefined || isSame ? [] : [{ kind: 'deployment', key: id, thing: after }];
    }
    case 'worker': {
      const { before, after } = change;
      const isBack = after !== undefined && (before === undefined || after.lastHeartbeat > workerAliveUntil(before));
      const name = (after ?? before)?.workPoolName;
      return name === undefined || (after !== undefined && !isBack) ? [] : [{ kind: 'work-pool', key: name }];
    }
    case 'flow':
    case 'variable':
    case 'status':
      return [];
  }
}

function isNoticed(before: Deployment, after: Deployment): boolean {
  return (
    isBackFromSilence(before.lastPolled, after.lastPolled, pollTimeoutMs) ||
    before.workPoolName !== after.workPoolName ||
    before.workQueueId !== after.workQueueId
  );
}

type QueueChange = Extract<ThingChange, { kind: 'work-queue' }>;

/** Whoever polls a queue is ready for all of its deployments. */
async function queueLooks({ catalogue }: PublishThingsDeps, { before, after }: QueueChange): Promise<StatusLook[]> {
  const queue = after ?? before;
  if (queue === undefined) return [];
  const isBack = isBackFromSilence(before?.lastPolled, after?.lastPolled, pollTimeoutMs);
  const isSwitched = before?.isPaused !== after?.isPaused;
  const deployments = isBack ? await catalogue.deployments.list() : [];
  return [
    ...(isBack || isSwitched ? [{ kind: 'work-queue', key: queue.id, thing: after } as const] : []),
    ...deployments
      .filter(({ workQueueId }) => workQueueId === queue.id)
      .map(({ id }) => ({ kind: 'deployment', key: id }) as const),
  ];
}
