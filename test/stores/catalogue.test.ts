import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { world } from '../../shared/adapters/world.ts';
import type { Deployment, Flow, WorkPool, WorkQueue } from '../../shared/domain/catalogue.ts';
import { deploymentIdOf, flowIdOf, workPoolIdOf, workQueueIdOf } from '../../shared/domain/identity.ts';
import type { Catalogue } from '../../shared/ports/catalogue.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let client: DocumentClient;
let catalogue: Catalogue;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  const { newId, sha256 } = world;
  catalogue = createCatalogue({ client, table: database.controlTable, newId, sha256 });
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

const { sha256 } = world;
const kept = { created: 1, updated: 1 };

function aFlow(name: string = randomUUID()): Flow {
  return { ...kept, id: flowIdOf(sha256, name), name, tags: [], labels: {} };
}

function aDeployment(change: Partial<Deployment> = {}): Deployment {
  const name = change.name ?? randomUUID();
  const flowName = change.flowName ?? 'flow';
  const flowId = flowIdOf(sha256, flowName);
  return {
    ...kept,
    id: deploymentIdOf(sha256, flowId, name),
    version: 1,
    name,
    flowId,
    flowName,
    paused: false,
    tags: [],
    labels: {},
    schedules: [],
    parameters: {},
    enforceParameterSchema: true,
    jobVariables: {},
    ...change,
  };
}

function aQueue(workPoolName: string, name = 'default'): WorkQueue {
  const id = workQueueIdOf(sha256, workPoolName, name);
  return { ...kept, id, version: 1, workPoolName, name, isPaused: false, priority: 1 };
}

function aPool(name: string = randomUUID()): WorkPool {
  return {
    ...kept,
    id: workPoolIdOf(sha256, name),
    version: 1,
    name,
    type: 'process',
    baseJobTemplate: {},
    isPaused: false,
    storageConfiguration: {},
    defaultQueueId: workQueueIdOf(sha256, name, 'default'),
  };
}

describe('flows', () => {
  it('creates a flow once: the second time answers what is there', async () => {
    const flow = aFlow();

    const first = await catalogue.flows.create(flow);
    const second = await catalogue.flows.create({ ...flow, tags: ['late'] });

    expect(first).toEqual({ kind: 'created', item: flow });
    expect(second).toEqual({ kind: 'exists', item: flow });
  });

  it('lets one of many that create the same flow at once be the creator', async () => {
    const flow = aFlow();

    const answers = await Promise.all(Array.from({ length: 20 }, () => catalogue.flows.create(flow)));

    expect(answers.filter(({ kind }) => kind === 'created')).toHaveLength(1);
  });

  it('finds a flow by its name, lists it at once and removes it once', async () => {
    const flow = aFlow('a name / with % signs');
    await catalogue.flows.create(flow);

    const byName = await catalogue.flows.readByName(flow.name);
    const listed = await catalogue.flows.list();
    const removed = [await catalogue.flows.remove(flow.id), await catalogue.flows.remove(flow.id)];

    expect(byName).toEqual(flow);
    expect(listed).toContainEqual(flow);
    expect(removed).toEqual([true, false]);
    expect(await catalogue.flows.read(flow.id)).toBeUndefined();
  });
});

describe('deployments', () => {
  it('finds a deployment by the names of its flow and its own', async () => {
    const deployment = aDeployment({ flowName: 'etl', name: 'a/b' });
    await catalogue.deployments.create(deployment);

    expect(await catalogue.deployments.readByName('etl', 'a/b')).toEqual(deployment);
    expect(await catalogue.deployments.readByName('etl/a', 'b')).toBeUndefined();
  });

  it('changes a deployment only from the version that was read', async () => {
    const deployment = aDeployment();
    await catalogue.deployments.create(deployment);

    const first = await catalogue.deployments.change(deployment, { ...deployment, paused: true });
    const stale = await catalogue.deployments.change(deployment, { ...deployment, description: 'lost' });
    const now = await catalogue.deployments.read(deployment.id);

    expect([first, stale]).toEqual(['written', 'lost']);
    expect(now).toEqual({ ...deployment, paused: true, version: 2 });
  });

  it('does not bring a removed deployment back by a change', async () => {
    const deployment = aDeployment();
    await catalogue.deployments.create(deployment);
    await catalogue.deployments.remove(deployment.id);

    const answer = await catalogue.deployments.change(deployment, { ...deployment, paused: true });

    expect(answer).toBe('lost');
    expect(await catalogue.deployments.read(deployment.id)).toBeUndefined();
  });

  it('keeps JSON as it was sent: empty keys, large numbers, nested nulls', async () => {
    const parameters = { '': 1, big: 1e308, small: 0.1, nested: [{ a: null }], text: '\u0000 ü 🚀' };
    const deployment = aDeployment({ parameters });

    await catalogue.deployments.create(deployment);

    expect((await catalogue.deployments.read(deployment.id))?.parameters).toEqual(parameters);
  });

  it('lists more than one page of a megabyte', async () => {
    const large = 'x'.repeat(300_000);
    const made = Array.from({ length: 6 }, (_, at) => aDeployment({ name: `large-${at}`, description: large }));
    for (const deployment of made) await catalogue.deployments.create(deployment);

    const listed = await catalogue.deployments.list();

    expect(listed.filter(({ name }) => name.startsWith('large-'))).toHaveLength(6);
  });

  it('refuses what an item cannot hold and says how much was sent', async () => {
    const deployment = aDeployment({ description: 'x'.repeat(400_000) });

    await expect(catalogue.deployments.create(deployment)).rejects.toThrow(
      /^a deployment of 400\d{3} bytes was sent, wanted at most 395000$/,
    );
  });
});

describe('work pools and queues', () => {
  it('creates a pool and its default queue together, once', async () => {
    const pool = aPool();

    const first = await catalogue.workPools.create(pool, aQueue(pool.name));
    const second = await catalogue.workPools.create({ ...pool, type: 'other' }, { ...aQueue(pool.name), priority: 9 });
    const queues = await catalogue.workQueues.list(pool.name);

    expect(first.kind).toBe('created');
    expect(second).toEqual({ kind: 'exists', item: pool });
    expect(queues).toEqual([aQueue(pool.name)]);
  });

  it('takes the place of a queue that a half-done deletion left', async () => {
    const pool = aPool();
    await catalogue.workQueues.create({ ...aQueue(pool.name), priority: 7 });

    const answer = await catalogue.workPools.create(pool, aQueue(pool.name));

    expect(answer.kind).toBe('created');
    expect(await catalogue.workQueues.list(pool.name)).toEqual([aQueue(pool.name)]);
  });

  it('changes pool and queue only from the versions that were read', async () => {
    const pool = aPool();
    const queue = aQueue(pool.name);
    await catalogue.workPools.create(pool, queue);

    const pools = [
      await catalogue.workPools.change(pool, { ...pool, isPaused: true }),
      await catalogue.workPools.change(pool, { ...pool, isPaused: false }),
    ];
    const queues = [
      await catalogue.workQueues.change(queue, { ...queue, priority: 2 }),
      await catalogue.workQueues.change(queue, { ...queue, priority: 3 }),
    ];

    expect(pools).toEqual(['written', 'lost']);
    expect(queues).toEqual(['written', 'lost']);
    expect((await catalogue.workPools.read(pool.name))?.isPaused).toBe(true);
    expect((await catalogue.workQueues.read(queue.id))?.priority).toBe(2);
  });

  it('lists the queues of one pool or of all', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    await catalogue.workQueues.create(aQueue(one));
    await catalogue.workQueues.create(aQueue(other));

    const ofOne = await catalogue.workQueues.list(one);
    const ofAll = await catalogue.workQueues.list();

    expect(ofOne).toEqual([aQueue(one)]);
    expect(ofAll).toEqual(expect.arrayContaining([aQueue(one), aQueue(other)]));
  });
});

describe('workers', () => {
  it('keeps when a worker was first seen and never goes back in time', async () => {
    const workPoolName = randomUUID();
    const beat = (at: number) => ({
      id: `id-${at}`,
      created: at,
      updated: at,
      workPoolName,
      name: 'w 1',
      lastHeartbeat: at,
      heartbeatIntervalSeconds: 30,
    });

    await catalogue.workers.heartbeat(beat(10));
    await catalogue.workers.heartbeat(beat(30));
    await catalogue.workers.heartbeat(beat(20));
    const workers = await catalogue.workers.list(workPoolName);

    expect(workers).toMatchObject([{ id: 'id-10', created: 10, lastHeartbeat: 30 }]);
    expect(await catalogue.workers.remove(workPoolName, 'w 1')).toBe(true);
    expect(await catalogue.workers.list(workPoolName)).toEqual([]);
  });
});

describe('variables', () => {
  it('creates a variable once, replaces it and removes it', async () => {
    const variable = { ...kept, id: randomUUID(), name: 'v', value: { a: [null] }, tags: [] };

    const first = await catalogue.variables.create(variable);
    const second = await catalogue.variables.create({ ...variable, value: 2 });
    await catalogue.variables.put({ ...variable, value: 3 });

    expect([first.kind, second.kind]).toEqual(['created', 'exists']);
    expect((await catalogue.variables.readByName('v'))?.value).toBe(3);
    expect([await catalogue.variables.remove('v'), await catalogue.variables.remove('v')]).toEqual([true, false]);
  });
});
