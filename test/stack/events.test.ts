// Events on the whole local stack: from the API through the queue into the store, and from the table's stream.

import { randomUUID } from 'node:crypto';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { credentials } from '../../local/account.ts';
import { callApi, identified } from '../../local/api-client.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

let folder: TempDir;
let stack: Stack;
let sqs: SQSClient;
const own = { ...process.env };

beforeAll(async () => {
  folder = await tempDir('slipway-events-');
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  stack = await startStack({ dataDir: folder.path, port: 0, report: () => undefined });
  sqs = new SQSClient({
    endpoint: stack.endpoints.queue,
    region: 'us-east-1',
    credentials,
    useQueueUrlAsEndpoint: false,
  });
});

afterAll(async () => {
  sqs.destroy();
  await stack.close();
  await folder.remove();
  process.env = own;
  vi.restoreAllMocks();
});

const page = z.object({
  events: z.array(z.looseObject({ id: z.string(), event: z.string(), follows: z.string().nullable() })),
  total: z.number(),
});

const call = (path: string, body: object) => callApi({ apiUrl: stack.url, path, body }, z.any());
const make = (path: string, body: object) => callApi({ apiUrl: stack.url, path, body }, identified);
const find = (filter: object) => callApi({ apiUrl: stack.url, path: '/events/filter', body: { filter } }, page);
const about = (id: string) => find({ any_resource: { id: [id] }, order: 'ASC' });

const anEvent = (resource: string, over: object = {}) => ({
  id: randomUUID(),
  occurred: new Date().toISOString(),
  event: 'shop.opened',
  resource: { 'prefect.resource.id': resource },
  ...over,
});

/** All that was sent is handled: nothing waits and nothing is under way. */
async function untilQuiet(): Promise<void> {
  await waitFor('the queue to be empty', async () => {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: stack.queueUrls.events, AttributeNames: ['All'] }),
    );
    const left = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    return left.every((name) => Attributes[name] === '0') ? true : undefined;
  });
}

describe('events on the local stack', () => {
  it('are stored once though they were sent twice', async () => {
    const shop = `shop.${randomUUID()}`;
    const event = anEvent(shop);

    await call('/events', [event]);
    await call('/events', [event, event]);
    await waitFor('the event', async () => ((await about(shop)).total > 0 ? true : undefined));
    await untilQuiet();

    expect((await about(shop)).total).toBe(1);
  });

  it('of a batch with hundreds are all stored', async () => {
    const shop = `shop.${randomUUID()}`;

    await call(
      '/events',
      Array.from({ length: 700 }, () => anEvent(shop)),
    );

    await waitFor('all events', async () => ((await about(shop)).total === 700 ? true : undefined));
  });

  it('that no message can hold get through', async () => {
    const shop = `shop.${randomUUID()}`;
    const noise = Array.from({ length: 40_000 }, () => randomUUID()).join('');

    await call('/events', [anEvent(shop, { payload: { noise } })]);

    const found = await waitFor('the event', async () => (await about(shop)).events[0]);
    expect(found['payload']).toEqual({ noise });
  });

  it('tell of each state of a run, under the id of the state, each after the one before', async () => {
    const flow = await make('/flows/', { name: 'told' });
    const run = await make('/flow_runs/', { flow_id: flow.id, state: { type: 'PENDING' }, tags: ['t'] });
    for (const type of ['RUNNING', 'COMPLETED']) await call(`/flow_runs/${run.id}/set_state`, { state: { type } });

    const told = await waitFor('three events', async () => {
      const { events } = await about(`prefect.flow-run.${run.id}`);
      return events.length === 3 ? events : undefined;
    });
    const states = await callApi(
      { apiUrl: stack.url, path: `/flow_run_states/?flow_run_id=${run.id}` },
      z.array(identified),
    );

    expect(told.map(({ event }) => event)).toEqual([
      'prefect.flow-run.Pending',
      'prefect.flow-run.Running',
      'prefect.flow-run.Completed',
    ]);
    expect(new Set(told.map(({ id }) => id))).toEqual(new Set(states.map(({ id }) => id)));
    expect(told.map(({ follows }) => follows)).toEqual([null, told[0]?.id, told[1]?.id]);
    expect(told[0]?.['related']).toContainEqual({
      'prefect.resource.id': `prefect.flow.${flow.id}`,
      'prefect.resource.name': 'told',
      'prefect.resource.role': 'flow',
    });
  });

  it('tell what becomes of pools, queues and deployments', async () => {
    const pool = await make('/work_pools/', { name: 'told-pool', type: 'process' });
    const flow = await make('/flows/', { name: 'told-flow' });
    const deployment = await make('/deployments/', { name: 'd', flow_id: flow.id, work_pool_name: 'told-pool' });
    const namesOf = async (id: string, count: number) =>
      await waitFor(`${count} events of ${id}`, async () => {
        const { events } = await find({ resource: { id: [id] }, order: 'ASC' });
        return events.length >= count ? events.map(({ event }) => event).sort() : undefined;
      });

    const before = await namesOf(`prefect.work-pool.${pool.id}`, 2);
    await call('/work_pools/told-pool/workers/heartbeat', { name: 'w' });
    await call('/work_pools/told-pool/get_scheduled_flow_runs', {});

    expect(before).toEqual(['prefect.work-pool.created', 'prefect.work-pool.not-ready']);
    expect(await namesOf(`prefect.work-pool.${pool.id}`, 3)).toEqual([
      'prefect.work-pool.created',
      'prefect.work-pool.not-ready',
      'prefect.work-pool.ready',
    ]);
    expect(await namesOf(`prefect.deployment.${deployment.id}`, 2)).toEqual([
      'prefect.deployment.created',
      'prefect.deployment.ready',
    ]);
    const queues = await find({ event: { name: ['prefect.work-queue.ready'] } });
    expect(queues.total).toBe(1);
  });
});
