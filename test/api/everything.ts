// Something of each kind in the store, made through the API as clients make it.

import { laneOf } from '../../shared/domain/run/lane.ts';
import { subscribeTaskWorker } from '../../shared/use-cases/subscribe-task-worker.ts';
import { type ApiUnderTest, nobody, start } from './api-under-test.ts';
import { prepare } from './prepared.ts';
import { openVault } from './vault.ts';

export type Ids = { readonly [name: string]: string };

async function make(api: ApiUnderTest, path: string, body: object): Promise<string> {
  const answer = await api.call('POST', `/api/${path}`, { body });
  if (answer.status >= 300) throw new Error(`${path} answers ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body?.id ?? '';
}

/** Something of each kind, and the ids of what others ask for. */
export async function storeEverything(api: ApiUnderTest): Promise<Ids> {
  const { flowId, deploymentId, trigger, record, propose } = await prepare(api);
  const expected = { type: 'SCHEDULED', state_details: { scheduled_time: '2026-11-23T11:59:00Z' } };
  const run: string = (await trigger({ state: expected })).body.id;
  await trigger();
  const polled = await make(api, 'deployments/', { name: 'polled', flow_id: flowId, work_pool_name: 'process' });
  const waiting = await api.deps.runs.read((await trigger({ state: expected }, polled)).body.id);
  const lane = waiting === undefined ? undefined : laneOf(waiting);
  // As the stream's consumer does for each run that waits.
  if (lane !== undefined) await api.lanes.touch(lane, start);
  const started: string = (await record()).body.id;
  await propose(started, { type: 'RUNNING' });
  const actions = [{ type: 'run-deployment', source: 'selected', deployment_id: deploymentId }];
  await make(api, 'automations/', { name: 'answer', trigger: { posture: 'Reactive', expect: ['asked'] }, actions });
  const vault = await openVault(api);
  await vault.save('safe', { url: 'http://x' });
  return { flow: flowId, deployment: deploymentId, run, blockSchema: vault.schemaId, ...(await storeOthers(api, run)) };
}

async function storeOthers(api: ApiUnderTest, run: string): Promise<Ids> {
  const taskRun = await make(api, 'task_runs/', { flow_run_id: run, task_key: 't', dynamic_key: '0', tags: ['tag'] });
  await make(api, `task_runs/${taskRun}/set_state`, { state: { type: 'RUNNING' } });
  await make(api, `task_runs/${taskRun}/set_state`, { state: { type: 'COMPLETED' } });
  await make(api, `flow_runs/${run}/input`, { key: 'key', value: '1' });
  await make(api, 'artifacts/', { key: 'report', type: 'markdown', data: 'x', flow_run_id: run });
  await make(api, 'concurrency_limits/', { tag: 'tag', concurrency_limit: 1 });
  await make(api, 'v2/concurrency_limits/', { name: 'limit', limit: 2, active_slots: 2 });
  await make(api, 'variables/', { name: 'colour', value: 'red' });
  await api.call('PUT', '/api/saved_searches/', { body: { name: 'search' } });
  await make(api, 'work_queues/', { name: 'old' });
  const queue = await make(api, 'work_pools/process/queues/', { name: 'side' });
  await make(api, 'events', [
    { event: 'shop.opened', occurred: '2026-11-23T11:00:00Z', resource: { 'prefect.resource.id': 'shop' }, id: nobody },
  ]);
  await api.eventStore.keep(api.sentEvents.splice(0));
  await subscribeTaskWorker(api.taskQueueDeps, {
    connectionId: 'connection',
    clientId: 'host',
    taskKeys: ['t'],
    expiresAt: start + 3_600_000,
  });
  return { taskRun, queue };
}
