// Automations on the whole local stack: an event goes in over HTTP, and what it sets off comes out, once.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { callApi, identified } from '../../local/api-client.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import { createWorkPools } from '../../local/work-pools.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWebhookServer, type WebhookServer } from '../support/webhook-server.ts';

let folder: TempDir;
let stack: Stack;
let receiver: WebhookServer;
const own = { ...process.env };

beforeAll(async () => {
  folder = await tempDir('slipway-automations-');
  receiver = await startWebhookServer();
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  stack = await startStack({
    dataDir: folder.path,
    port: 0,
    report: () => undefined,
    searchPath: [path.dirname(process.execPath)],
  });
  await createWorkPools(stack.url);
}, 30_000);

afterAll(async () => {
  await stack.close();
  await receiver.close();
  await folder.remove();
  process.env = own;
  vi.restoreAllMocks();
});

const nothing = z.unknown();
const post = <T>(route: string, body: object, answer: z.ZodType<T>) =>
  callApi({ apiUrl: stack.url, path: route, body }, answer);

async function webhookBlock(name: string, url: string): Promise<string> {
  const type = await callApi({ apiUrl: stack.url, path: '/block_types/slug/webhook' }, identified);
  const schemas = await post(
    '/block_schemas/filter',
    { block_schemas: { block_type_id: { any_: [type.id] } } },
    z.array(identified),
  );
  const data = { url, method: 'POST', headers: { 'x-secret': 'hush' } };
  const body = { name, data, block_type_id: type.id, block_schema_id: schemas[0]?.id };
  return (await post('/block_documents/', body, identified)).id;
}

const page = z.object({ events: z.array(z.object({ event: z.string(), payload: z.record(z.string(), z.unknown()) })) });

async function eventsOf(automationId: string): Promise<z.output<typeof page>['events']> {
  const filter = { resource: { id: [`prefect.automation.${automationId}`] } };
  return (await post('/events/filter', { filter, limit: 50 }, page)).events;
}

function event(name: string, over: object = {}): object {
  return {
    id: randomUUID(),
    occurred: new Date().toISOString(),
    event: name,
    resource: { 'prefect.resource.id': 'thing.1', 'prefect.resource.name': 'Thing' },
    related: [],
    payload: { answer: 42 },
    ...over,
  };
}

it('calls a webhook once for an event that comes three times, with what the event says', async () => {
  const block_document_id = await webhookBlock('once', `${receiver.url}/once`);
  const payload =
    '{"name": "{{ event.resource.name }}", "answer": {{ event.payload.answer }}, "by": "{{ automation.name }}"}';
  const automation = await post(
    '/automations/',
    {
      name: 'caller',
      trigger: { posture: 'Reactive', expect: ['thing.happened'] },
      actions: [{ type: 'call-webhook', block_document_id, payload }],
    },
    identified,
  );
  const happened = event('thing.happened');

  await post('/events', [happened], nothing);
  await post('/events', [happened, happened], nothing);

  const told = await waitFor(
    'the action to be told',
    async () => {
      const events = await eventsOf(automation.id);
      return events.some((each) => each.event === 'prefect.automation.action.executed') ? events : undefined;
    },
    { deadlineSeconds: 20 },
  );
  const calls = receiver.calls.filter(({ path: route }) => route === '/once');
  expect(calls.map(({ body }) => JSON.parse(body))).toEqual([{ name: 'Thing', answer: 42, by: 'caller' }]);
  expect(calls[0]?.headers).toMatchObject({ 'x-secret': 'hush', 'content-type': 'application/json' });
  expect(told.map((each) => each.event).sort()).toEqual([
    'prefect.automation.action.executed',
    'prefect.automation.action.triggered',
    'prefect.automation.created',
    'prefect.automation.triggered',
  ]);
});

it('fires for what does not happen when its time is up', async () => {
  const { id } = await post(
    '/automations/',
    {
      name: 'watcher',
      trigger: { posture: 'Proactive', expect: ['never.happens'], within: 10 },
      actions: [{ type: 'do-nothing' }],
    },
    identified,
  );
  const since = Date.now();
  await post('/automations/filter', {}, nothing);

  const fired = z.object({ events: z.array(z.object({ event: z.string(), occurred: z.string() })) });
  const found = await waitFor(
    'the automation to fire',
    async () => {
      const filter = {
        resource: { id: [`prefect.automation.${id}`] },
        event: { name: ['prefect.automation.triggered'] },
      };
      return (await post('/events/filter', { filter }, fired)).events[0];
    },
    { deadlineSeconds: 90 },
  );

  const late = Date.parse(found.occurred) - since;
  expect(late).toBeGreaterThan(9_000);
}, 100_000);

it('runs a deployment once for each run of another that completes', async () => {
  const flow = await post('/flows/', { name: 'chained' }, identified);
  const deploy = async (name: string) =>
    (
      await post(
        '/deployments/',
        { name, flow_id: flow.id, work_pool_name: 'production', job_variables: { image: 'none', command: 'true' } },
        identified,
      )
    ).id;
  const [first, then] = [await deploy('first'), await deploy('then')];
  await post(
    '/automations/',
    {
      name: 'chain',
      trigger: {
        posture: 'Reactive',
        expect: ['prefect.flow-run.Completed'],
        match_related: { 'prefect.resource.id': `prefect.deployment.${first}`, 'prefect.resource.role': 'deployment' },
      },
      actions: [{ type: 'run-deployment', deployment_id: then, parameters: { after: '{{ flow_run.name }}' } }],
    },
    identified,
  );

  const run = await post(`/deployments/${first}/create_flow_run`, { name: 'the-first' }, identified);

  const runs = z.array(
    z.object({ parameters: z.unknown(), state_type: z.string().nullable(), created_by: z.unknown() }),
  );
  const chained = await waitFor(
    'the second run to complete',
    async () => {
      const found = await post('/flow_runs/filter', { deployments: { id: { any_: [then] } } }, runs);
      return found.some((each) => each.state_type === 'COMPLETED') ? found : undefined;
    },
    { deadlineSeconds: 40 },
  );
  expect(run.id).toBeDefined();
  expect(chained.map(({ parameters }) => parameters)).toEqual([{ after: 'the-first' }]);
  expect(chained[0]?.created_by).toMatchObject({ type: 'AUTOMATION', display_value: 'chain' });
}, 60_000);

it('cancels and suspends runs, pauses a pool and switches an automation off', async () => {
  const pool = await callApi({ apiUrl: stack.url, path: '/work_pools/production' }, identified);
  const other = await post(
    '/automations/',
    { name: 'other', trigger: { posture: 'Reactive', expect: ['x'] }, actions: [] },
    identified,
  );
  await post(
    '/automations/',
    {
      name: 'switches',
      trigger: { posture: 'Reactive', expect: ['switch.it'] },
      actions: [
        { type: 'pause-work-pool', work_pool_id: pool.id },
        { type: 'pause-automation', automation_id: other.id },
        { type: 'cancel-flow-run' },
      ],
    },
    identified,
  );
  const flow = await post('/flows/', { name: 'cancelled' }, identified);
  const run = await post(
    '/flow_runs/',
    { flow_id: flow.id, state: { type: 'SCHEDULED', name: 'Scheduled' } },
    identified,
  );

  await post(
    '/events',
    [
      event('switch.it', {
        related: [{ 'prefect.resource.id': `prefect.flow-run.${run.id}`, 'prefect.resource.role': 'flow-run' }],
      }),
    ],
    nothing,
  );

  const paused = z.object({ is_paused: z.boolean() });
  const enabled = z.object({ enabled: z.boolean() });
  const state = z.object({ state_type: z.string() });
  await waitFor(
    'all three to happen',
    async () => {
      const [now, there, then] = await Promise.all([
        callApi({ apiUrl: stack.url, path: '/work_pools/production' }, paused),
        callApi({ apiUrl: stack.url, path: `/automations/${other.id}` }, enabled),
        callApi({ apiUrl: stack.url, path: `/flow_runs/${run.id}` }, state),
      ]);
      return now.is_paused && !there.enabled && then.state_type === 'CANCELLED' ? true : undefined;
    },
    { deadlineSeconds: 30 },
  );
}, 40_000);
