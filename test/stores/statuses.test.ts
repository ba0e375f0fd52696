// Statuses on the real local database: each change is told once, whoever notices it and however often.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createStatuses } from '../../shared/adapters/dynamodb/statuses.ts';
import { world as machine } from '../../shared/adapters/world.ts';
import type { Deployment, WorkPool, WorkQueue } from '../../shared/domain/catalogue.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import type { Catalogue } from '../../shared/ports/catalogue.ts';
import type { ThingChange } from '../../shared/ports/publishing.ts';
import type { Statuses, StatusRef, ToldStatus } from '../../shared/ports/statuses.ts';
import { createNames, type Names } from '../../shared/use-cases/names.ts';
import { publishThings } from '../../shared/use-cases/publish-things.ts';
import { tellStatus } from '../../shared/use-cases/tell-status.ts';
import { wakeStatuses } from '../../shared/use-cases/wake-statuses.ts';
import { createTables, startDatabase, type TestDatabase } from '../support/database.ts';

const start = Date.parse('2026-11-23T12:00:00Z');
const second = 1_000;
const kept = { created: start, updated: start, version: 1 };

let database: TestDatabase;
let client: DocumentClient;
let catalogue: Catalogue;
let statuses: Statuses;
let clock: { now: number };
let sent: PrefectEvent[];
let names: Names;
let publish: (changes: readonly ThingChange[]) => Promise<void>;
let writes: number;
let tables = 0;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
});
beforeEach(async () => {
  tables += 1;
  const table = `statuses-${tables}`;
  await createTables(database.endpoint, { controlTable: table, bulkTable: `${table}-bulk` });
  const control = { client, table, newId: machine.newId, sha256: machine.sha256 };
  catalogue = createCatalogue(control);
  statuses = createStatuses(control);
  clock = { now: start };
  sent = [];
  writes = 0;
  const world = { now: () => clock.now, newId: machine.newId, sha256: machine.sha256 };
  const eventSink = { send: async (events: readonly PrefectEvent[]) => void sent.push(...events) };
  names = createNames({ world, catalogue });
  publish = (changes) => publishThings({ world, catalogue, names, statuses, eventSink }, changes);
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

const aPool = (over: Partial<WorkPool> = {}): WorkPool => ({
  ...kept,
  id: 'p1',
  name: 'p',
  type: 'process',
  baseJobTemplate: {},
  isPaused: false,
  storageConfiguration: {},
  defaultQueueId: 'q1',
  ...over,
});
const aQueue = (over: Partial<WorkQueue> = {}): WorkQueue => ({
  ...kept,
  id: 'q1',
  name: 'default',
  workPoolName: 'p',
  isPaused: false,
  priority: 1,
  ...over,
});
const aDeployment = (over: Partial<Deployment> = {}): Deployment => ({
  ...kept,
  id: 'd1',
  name: 'nightly',
  flowId: 'f1',
  flowName: 'etl',
  paused: false,
  tags: [],
  labels: {},
  schedules: [],
  parameters: {},
  enforceParameterSchema: true,
  jobVariables: {},
  workPoolName: 'p',
  workQueueId: 'q1',
  ...over,
});
const aWorker = (lastHeartbeat: number) => ({
  ...kept,
  id: 'w1',
  workPoolName: 'p',
  name: 'w',
  lastHeartbeat,
  heartbeatIntervalSeconds: 10,
});

const changed = (change: Omit<ThingChange, 'writtenAs'>): ThingChange => {
  writes += 1;
  // The spread of a union is not one of its members any more.
  return { ...change, writtenAs: String(writes) } as ThingChange;
};

/** Tells the told statuses as the stream does, and answers the names of the events that came of it. */
async function told(
  refs: readonly StatusRef[],
  before: ReadonlyMap<string, ToldStatus> = new Map(),
): Promise<string[]> {
  const from = sent.length;
  for (const ref of refs) {
    const after = await statuses.read(ref);
    const earlier = before.get(ref.kind);
    await publish([changed({ kind: 'status', after, ...(earlier === undefined ? {} : { before: earlier }) })]);
  }
  return sent.slice(from).map(({ event }) => event);
}

const pool: StatusRef = { kind: 'work-pool', key: 'p' };
const queue: StatusRef = { kind: 'work-queue', key: 'q1' };
const deployment: StatusRef = { kind: 'deployment', key: 'd1' };
const look = (ref: StatusRef) =>
  tellStatus({ world: { now: () => clock.now, newId: machine.newId }, catalogue, names, statuses }, ref);
const due = async () => {
  const refs: StatusRef[] = [];
  await wakeStatuses({
    world: { now: () => clock.now },
    statuses,
    statusHints: { send: async (found) => void refs.push(...found) },
  });
  return refs;
};

describe('the status of a pool', () => {
  it('is told when it is made, when a worker comes and when the last one is silent', async () => {
    await catalogue.workPools.create(aPool(), aQueue());
    await publish([changed({ kind: 'work-pool', after: aPool() })]);
    expect(sent.map(({ event }) => event)).toEqual(['prefect.work-pool.created']);
    expect(await told([pool])).toEqual(['prefect.work-pool.not-ready']);

    await catalogue.workers.heartbeat(aWorker(clock.now));
    await publish([changed({ kind: 'worker', after: aWorker(clock.now) })]);
    expect(await told([pool])).toEqual(['prefect.work-pool.ready']);
    clock.now += 30 * second;
    expect(await due()).toEqual([pool]);
    await look(pool);
    expect((await statuses.read(pool))?.status).toBe('READY');
    clock.now += second;
    await look(pool);

    expect(await told([pool])).toEqual(['prefect.work-pool.not-ready']);
    expect(await due()).toEqual([]);
  });

  it('goes on without a word while heartbeats come', async () => {
    await catalogue.workPools.create(aPool(), aQueue());
    await catalogue.workers.heartbeat(aWorker(clock.now));
    await look(pool);
    const first = await statuses.read(pool);

    const [before, after] = [aWorker(clock.now), aWorker(clock.now + 25 * second)];
    clock.now += 25 * second;
    await catalogue.workers.heartbeat(after);
    await publish([changed({ kind: 'worker', before, after })]);
    clock.now += 10 * second;
    for (const ref of await due()) await look(ref);
    const later = await statuses.read(pool);

    expect(later).toMatchObject({ status: 'READY', event: { id: first?.event.id }, dueAt: start + 55 * second });
    expect(await told([pool], new Map(first === undefined ? [] : [['work-pool', first]]))).toEqual([]);
  });

  it('follows the one before it while that is young', async () => {
    await catalogue.workPools.create(aPool({ isPaused: true }), aQueue());
    await look(pool);
    const before = await statuses.read(pool);
    const paused = await catalogue.workPools.read('p');
    if (paused === undefined || before === undefined) throw new Error('a pool was made');
    await catalogue.workPools.change(paused, { ...paused, isPaused: false });

    await publish([changed({ kind: 'work-pool', before: paused, after: { ...paused, isPaused: false, version: 2 } })]);
    await told([pool], new Map([['work-pool', before]]));

    expect(before.status).toBe('PAUSED');
    expect(sent.at(-1)).toMatchObject({ event: 'prefect.work-pool.not-ready', follows: before.event.id });
  });

  it('is told of every turn of a switch, however quickly they follow upon each other', async () => {
    await catalogue.workPools.create(aPool(), aQueue());
    await look(pool);
    const [before, paused, again] = [aPool(), aPool({ isPaused: true, version: 2 }), aPool({ version: 3 })];
    const turns = [
      changed({ kind: 'work-pool', before, after: paused }),
      changed({ kind: 'work-pool', before: paused, after: again }),
    ];

    await publish(turns);
    const version = (await statuses.read(pool))?.version;
    await publish(turns);

    expect(version).toBe(3);
    expect((await statuses.read(pool))?.version).toBe(3);
  });

  it('is ready from the start where we start the runs ourselves', async () => {
    await catalogue.workPools.create(aPool({ type: 'ecs:push' }), aQueue());

    await look(pool);

    expect(await told([pool])).toEqual(['prefect.work-pool.ready']);
    expect(await statuses.read(pool)).not.toHaveProperty('dueAt');
  });

  it('is forgotten with its pool', async () => {
    await catalogue.workPools.create(aPool(), aQueue());
    await look(pool);
    await catalogue.workPools.remove('p');

    await publish([changed({ kind: 'work-pool', before: aPool() })]);

    expect(await statuses.read(pool)).toBeUndefined();
  });
});

describe('the status of a queue and its deployments', () => {
  async function polled(before: WorkQueue, lastPolled: number): Promise<WorkQueue> {
    const after = { ...before, lastPolled, version: before.version + 1 };
    await catalogue.workQueues.change(before, after);
    await publish([changed({ kind: 'work-queue', before, after })]);
    return after;
  }

  beforeEach(async () => {
    await catalogue.workPools.create(aPool(), aQueue());
    await catalogue.deployments.create(aDeployment());
  });

  it('begins without a word', async () => {
    await publish([
      changed({ kind: 'work-queue', after: aQueue() }),
      changed({ kind: 'deployment', after: aDeployment() }),
    ]);

    expect(await Promise.all([queue, deployment].map((ref) => statuses.read(ref)))).toEqual([undefined, undefined]);
  });

  it('is ready from the first poll on, and not ready a minute after the last', async () => {
    const first = await polled(aQueue(), clock.now);
    expect(await told([queue, deployment])).toEqual(['prefect.work-queue.ready', 'prefect.deployment.ready']);
    const versions = [(await statuses.read(queue))?.version, (await statuses.read(deployment))?.version];

    clock.now += 20 * second;
    await polled(first, clock.now);
    expect([(await statuses.read(queue))?.version, (await statuses.read(deployment))?.version]).toEqual(versions);
    clock.now += 50 * second;
    for (const ref of await due()) await look(ref);
    expect((await statuses.read(queue))?.dueAt).toBe(start + 80 * second);
    clock.now = start + 81 * second;
    for (const ref of await due()) await look(ref);

    expect(await told([queue, deployment])).toEqual(['prefect.work-queue.not-ready', 'prefect.deployment.not-ready']);
  });

  it('names pool, queue and flow of what became ready', async () => {
    await catalogue.flows.create({ ...kept, id: 'f1', name: 'etl', tags: [], labels: {} });
    await polled(aQueue(), clock.now);

    await told([deployment, queue]);

    const rolesOf = ({ related }: PrefectEvent) => related.map((one) => one['prefect.resource.role']);
    expect(sent.map(rolesOf)).toEqual([['flow', 'work-queue', 'work-pool'], ['work-pool']]);
  });

  it('is told once although many notice it at the same time', async () => {
    const after = { ...aQueue(), lastPolled: clock.now };
    await catalogue.workQueues.change(aQueue(), after);

    await Promise.all([1, 2, 3, 4, 5].map(() => look(queue)));

    expect((await statuses.read(queue))?.version).toBe(1);
  });

  it('is told once although its record comes twice', async () => {
    await polled(aQueue(), clock.now);
    const after = await statuses.read(queue);

    await publish([changed({ kind: 'status', after })]);
    await publish([changed({ kind: 'status', after })]);

    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  });

  it('is told when a switch is turned', async () => {
    const before = aQueue();
    const after = { ...before, isPaused: true, version: 2 };
    await catalogue.workQueues.change(before, after);

    await publish([changed({ kind: 'work-queue', before, after })]);

    expect(await told([queue])).toEqual(['prefect.work-queue.paused']);
  });
});

describe('what became of a thing', () => {
  it('has the same event id however often its record comes, and another for another write', async () => {
    const change = changed({ kind: 'variable', after: { ...kept, id: 'v', name: 'v', value: 1, tags: [] } });

    await publish([change]);
    await publish([change]);
    await publish([{ ...change, writtenAs: 'later' }]);

    const ids = sent.map(({ id }) => id);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });
});
