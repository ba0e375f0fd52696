// A flow, a pool of each kind and a deployment on the push pool, with the calls that tests of runs make.

import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import { processTemplate } from '../../shared/domain/work-pool/template-process.ts';
import type { ApiUnderTest, Reply } from './api-under-test.ts';

export type Prepared = {
  readonly flowId: string;
  readonly deploymentId: string;
  readonly trigger: (body?: object, deploymentId?: string) => Promise<Reply>;
  readonly record: (body?: object) => Promise<Reply>;
  readonly read: (id: string) => Promise<Reply['body']>;
  readonly propose: (id: string, state: object, extra?: object) => Promise<Reply>;
  /** Ids of the runs that a filter means. */
  readonly find: (body: object) => Promise<string[]>;
};

export async function prepare(api: ApiUnderTest): Promise<Prepared> {
  const flowId: string = (await api.call('POST', '/api/flows/', { body: { name: 'flow' } })).body.id;
  for (const [name, type, base_job_template] of [
    ['process', 'process', processTemplate],
    ['push', 'ecs:push', ecsPushTemplate],
  ] as const) {
    await api.call('POST', '/api/work_pools/', { body: { name, type, base_job_template } });
  }
  const body = {
    name: 'd',
    flow_id: flowId,
    work_pool_name: 'push',
    tags: ['from-deployment'],
    version: 'v7',
    parameters: { x: 1 },
    parameter_openapi_schema: { type: 'object', properties: { x: { type: 'integer' } }, required: ['x'] },
    enforce_parameter_schema: true,
  };
  const deploymentId: string = (await api.call('POST', '/api/deployments/', { body })).body.id;
  return { flowId, deploymentId, ...callsOf(api, { flowId, deploymentId }) };
}

function callsOf(api: ApiUnderTest, { flowId, deploymentId }: { flowId: string; deploymentId: string }) {
  return {
    trigger: (body: object = {}, id = deploymentId) =>
      api.call('POST', `/api/deployments/${id}/create_flow_run`, { body }),
    record: (body: object = {}) => api.call('POST', '/api/flow_runs/', { body: { flow_id: flowId, ...body } }),
    read: async (id: string) => (await api.call('GET', `/api/flow_runs/${id}`)).body,
    propose: (id: string, state: object, extra: object = {}) =>
      api.call('POST', `/api/flow_runs/${id}/set_state`, { body: { state, ...extra } }),
    find: async (body: object) =>
      (await api.call('POST', '/api/flow_runs/filter', { body })).body.map(({ id }: { id: string }) => id),
  };
}
