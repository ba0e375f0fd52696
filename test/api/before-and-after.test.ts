// The same request before and after something was stored: before, it finds nothing; after, it finds that.
// Rule: requests are written once, with `<name>` for ids; before anything is stored those ids are nobody's.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, type Reply, startApi } from './api-under-test.ts';
import { type Ids, storeEverything } from './everything.ts';
import { isEmpty } from './record-call.ts';

type Request = readonly [method: string, path: string, body?: object];

const from = '2026-11-23T11:00:00Z';
/** Of the schema that is stored: the same every time. */
const checksum = 'sha256:22ffd31861dc3af9ecfb13f8f3cc81c612e5daba45c6d4ea1ba90b36a54c1f5d';
const history = { history_start: from, history_end: '2026-11-23T13:00:00Z', history_interval_seconds: 3600 };
const ofRun = { flow_runs: { id: { any_: ['<run>'] } } };
const ofType = { block_types: { slug: { any_: ['vault'] } } };

const reads: readonly Request[] = [
  ['GET', 'flows/name/flow'],
  ['POST', 'flows/filter', {}],
  ['POST', 'flows/count', {}],
  ['POST', 'flows/paginate', {}],
  ['POST', 'ui/flows/count-deployments', { flow_ids: ['<flow>'] }],
  ['POST', 'ui/flows/next-runs', { flow_ids: ['<flow>'] }],
  ['GET', 'deployments/name/flow/d'],
  ['POST', 'deployments/filter', {}],
  ['POST', 'deployments/count', {}],
  ['POST', 'deployments/paginate', {}],
  ['POST', 'deployments/get_scheduled_flow_runs', { deployment_ids: ['<deployment>'] }],
  ['POST', 'flow_runs/count', ofRun],
  ['POST', 'flow_runs/paginate', {}],
  ['POST', 'flow_runs/history', history],
  ['POST', 'flow_runs/lateness', ofRun],
  ['POST', 'ui/flow_runs/history', {}],
  ['GET', 'flow_run_states/?flow_run_id=<run>'],
  ['POST', 'flow_runs/<run>/input/filter', { prefix: 'key' }],
  ['POST', 'task_runs/filter', {}],
  ['POST', 'task_runs/count', {}],
  ['POST', 'task_runs/paginate', {}],
  ['POST', 'task_runs/history', history],
  ['POST', 'ui/task_runs/count', {}],
  ['POST', 'ui/task_runs/dashboard/counts', { task_runs: { start_time: { after_: from } } }],
  ['POST', 'ui/flow_runs/count-task-runs', { flow_run_ids: ['<run>'] }],
  ['POST', 'task_workers/filter', {}],
  ['POST', 'artifacts/filter', { artifacts: { key: { any_: ['report'] } } }],
  ['POST', 'artifacts/latest/filter', { artifacts: { key: { any_: ['report'] } } }],
  ['POST', 'artifacts/latest/count', {}],
  ['POST', 'automations/filter', {}],
  ['POST', 'automations/count', {}],
  ['GET', 'automations/related-to/prefect.deployment.<deployment>'],
  ['GET', 'block_capabilities/'],
  ['POST', 'block_types/filter', ofType],
  ['GET', 'block_types/slug/vault'],
  ['GET', 'block_types/slug/vault/block_documents'],
  ['GET', 'block_types/slug/vault/block_documents/name/safe'],
  ['GET', 'block_schemas/<blockSchema>'],
  ['GET', `block_schemas/checksum/${checksum}`],
  ['POST', 'block_documents/filter', {}],
  ['POST', 'block_documents/count', {}],
  ['POST', 'concurrency_limits/filter', {}],
  ['POST', 'v2/concurrency_limits/filter', {}],
  ['POST', 'v2/concurrency_limits/decrement', { names: ['limit'], slots: 1 }],
  ['POST', 'events/count-by/event', { filter: { event: { name: ['shop.opened'] } } }],
  ['POST', 'saved_searches/filter', {}],
  ['POST', 'variables/filter', {}],
  ['POST', 'variables/count', {}],
  ['GET', 'variables/name/colour'],
  ['POST', 'work_pools/filter', {}],
  ['POST', 'work_pools/count', {}],
  ['POST', 'work_pools/process/concurrency_status', {}],
  ['POST', 'work_pools/process/get_scheduled_flow_runs', {}],
  ['POST', 'work_pools/process/queues/filter', {}],
  ['POST', 'work_queues/filter', {}],
  ['GET', 'work_queues/name/old'],
  ['POST', 'work_queues/<queue>/concurrency_status', {}],
];

/** Requests that change what they find, so each is asked once after the others. */
const changes: readonly Request[] = [
  ['POST', 'deployments/<deployment>/create_flow_run/bulk', [{ name: 'one' }]],
  ['POST', 'concurrency_limits/tag/tag/reset', {}],
  ['POST', 'concurrency_limits/decrement', { names: ['tag'], task_run_id: '<taskRun>' }],
  ['DELETE', 'variables/name/colour'],
  ['DELETE', 'work_pools/process/queues/side'],
  ['POST', 'flow_runs/bulk_set_state', { ...ofRun, state: { type: 'CANCELLED' } }],
  ['POST', 'flow_runs/bulk_delete', ofRun],
  ['POST', 'deployments/bulk_delete', { deployments: { id: { any_: ['<deployment>'] } } }],
  ['POST', 'flows/bulk_delete', { flows: { id: { any_: ['<flow>'] } } }],
];

let api: ApiUnderTest;
const before = new Map<Request, Reply>();
let ids: Ids = {};

function ask([method, path, body]: Request, known: Ids): Promise<Reply> {
  const fill = (text: string) => text.replaceAll(/<(\w+)>/g, (_all, name: string) => known[name] ?? nobody);
  const [plain = '', query] = fill(path).split('?');
  return api.call(method, `/api/${plain}`, {
    ...(body === undefined ? {} : { body: JSON.parse(fill(JSON.stringify(body))) }),
    ...(query === undefined ? {} : { query }),
  });
}

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const named = (requests: readonly Request[]) =>
  requests.map((request) => ({ request, operation: `${request[0]} ${request[1]}` }));

describe('a request', () => {
  it.each(named([...reads, ...changes]))('finds nothing while nothing is stored: $operation', async ({ request }) => {
    const answer = await ask(request, {});
    before.set(request, answer);

    expect(answer.status < 300 || answer.status === 404, JSON.stringify(answer.body)).toBe(true);
  });

  it('may store something of each kind', async () => {
    ids = await storeEverything(api);

    expect(Object.values(ids)).not.toContain('');
  });

  it.each(named(reads))('finds what is stored: $operation', async ({ request }) => {
    const answer = await ask(request, ids);

    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(isEmpty(answer.body), JSON.stringify(answer.body)).toBe(false);
    expect(answer.body).not.toEqual(before.get(request)?.body);
  });

  it.each(named(reads.filter(([method]) => method === 'POST')))('may ask for none: $operation', async ({ request }) => {
    const [method, path, body] = request;
    const answer = await ask([method, path, { ...body, limit: 0 }], ids);

    expect([200, 422], JSON.stringify(answer.body)).toContain(answer.status);
  });

  it.each(named(changes))('changes what is stored: $operation', async ({ request }) => {
    const { status, body } = await ask(request, ids);

    expect(status, JSON.stringify(body)).toBeLessThan(300);
    expect({ status, body }).not.toMatchObject({
      status: before.get(request)?.status,
      body: before.get(request)?.body,
    });
  });
});
