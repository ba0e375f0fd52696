// Every route with an id or a name in its path, asked for one that nothing has, with a request that is valid otherwise.
// The routes come from the table: a new one must answer 404 too, or be listed here with what Prefect's server answers.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { segmentsOf } from '../../lambdas/api/router.ts';
import { allRoutes } from '../../shared/contract/all-routes.ts';
import { basePath, type Route } from '../../shared/contract/define-routes.ts';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';
import { prepare } from './prepared.ts';

const scheduled = { state: { type: 'SCHEDULED' } };
const aQueue = { name: 'queue' };
const aSchedule = { schedule: { interval: 60, anchor_date: '2026-11-23T12:00:00Z', timezone: 'UTC' } };

/** What a route wants in its body besides nothing. */
const bodies: { readonly [name: string]: unknown } = {
  update_automation: { name: 'automation', trigger: { type: 'event', posture: 'Reactive', threshold: 1 }, actions: [] },
  patch_automation: { enabled: false },
  bulk_create_flow_runs_from_deployment: [{}],
  create_deployment_schedules: [aSchedule],
  count_account_events: { filter: {} },
  create_flow_run_input: { key: 'key', value: 'text' },
  filter_flow_run_input: { prefix: 'key' },
  set_flow_run_state: scheduled,
  set_task_run_state: scheduled,
  update_flow_run_labels: { label: 1 },
  renew_concurrency_lease: { lease_duration: 60 },
  create_work_queue: aQueue,
  worker_heartbeat: { name: 'worker' },
};

/** Routes that answer otherwise, as Prefect's server does. */
const others: { readonly [name: string]: { readonly status: number; readonly body: unknown } } = {
  read_automations_related_to_resource: { status: 200, body: [] },
  delete_automations_owned_by_resource: { status: 202, body: null },
  schedule_deployment: { status: 200, body: null },
  filter_flow_run_input: { status: 200, body: [] },
  // The name is one of a closed set, as in a query.
  count_account_events: { status: 422, body: expect.anything() },
  // For the client a lease that never was is one that has run out.
  renew_concurrency_lease: { status: 410, body: expect.anything() },
};

const routes = Object.values(allRoutes).flatMap((table) =>
  Object.entries<Route>(table)
    .filter(([, { path }]) => path.includes('{'))
    .map(([name, route]) => ({ name, route, operation: `${route.method} ${route.path}` })),
);

/** What stands in a path before its last parameter, where that alone is unknown. */
const known: { readonly [path: string]: (ids: { deploymentId: string; runId: string }) => string } = {
  '/deployments/{id}/schedules/{schedule_id}': ({ deploymentId }) => `deployments/${deploymentId}/schedules/${nobody}`,
  '/deployments/name/{flow_name}/{deployment_name+}': () => 'deployments/name/flow/nobody',
  '/flow_runs/{id}/input/{key}': ({ runId }) => `flow_runs/${runId}/input/nobody`,
  '/work_pools/{work_pool_name}/queues/{name}': () => 'work_pools/push/queues/nobody',
  '/work_pools/{work_pool_name}/workers/{name+}': () => 'work_pools/process/workers/nobody',
  '/block_types/slug/{slug}/block_documents/name/{block_document_name}': () =>
    'block_types/slug/secret/block_documents/name/nobody',
};

function unknownPath({ path }: Route): string {
  const parts = segmentsOf(path).map(({ kind, text }) => {
    if (kind === 'literal') return text;
    return text === 'id' || text.endsWith('_id') ? nobody : 'nobody';
  });
  return `${basePath}/${parts.join('/')}`;
}

function callOf({ name, route }: { readonly name: string; readonly route: Route }) {
  return route.body === undefined ? {} : { body: bodies[name] ?? {} };
}

describe('an id or a name that nothing has', () => {
  let api: ApiUnderTest;
  let ids: { deploymentId: string; runId: string };
  beforeAll(async () => {
    api = await startApi();
    const { deploymentId, trigger } = await prepare(api);
    ids = { deploymentId, runId: (await trigger()).body.id };
  });
  afterAll(() => api.close());

  it.each(routes.filter(({ name }) => !(name in others)))('is answered 404 by $operation', async ({ name, route }) => {
    const answer = await api.call(route.method, unknownPath(route), callOf({ name, route }));

    expect(answer.status, JSON.stringify(answer.body)).toBe(404);
    expect(answer.body.detail ?? answer.body.exception_message).toEqual(expect.stringMatching(/\w/));
  });

  it.each(routes.filter(({ name }) => name in others))(
    'is answered by $operation as by Prefect’s server',
    async ({ name, route }) => {
      const { status, body } = await api.call(route.method, unknownPath(route), callOf({ name, route }));

      expect({ status, body }).toEqual(others[name]);
    },
  );

  it.each(routes.filter(({ route }) => route.path in known))(
    'is answered 404 by $operation under something that is there',
    async ({ name, route }) => {
      const path = known[route.path]?.(ids) ?? '';

      const answer = await api.call(route.method, `${basePath}/${path}`, callOf({ name, route }));

      expect(answer.status, JSON.stringify(answer.body)).toBe(404);
    },
  );

  it('is asked for by every path with more than one parameter in both ways', () => {
    const several = routes.map(({ route }) => route.path).filter((path) => path.split('{').length > 2);

    expect([...new Set(several)].sort()).toEqual(Object.keys(known).sort());
  });

  it('has no case for a route that is gone', () => {
    const names = routes.map(({ name }) => name);

    expect([...Object.keys(bodies), ...Object.keys(others)].filter((name) => !names.includes(name))).toEqual([]);
  });
});
