// Which flows, deployments, pools, queues, workers and variables a filter means.
import type { Deployment, Flow, Variable, WorkPool, WorkQueue } from '../catalogue.ts';
import type { AnyOf, Between, IsNull, Like, Maybe, NotAnyOf, Tags, WithOperator } from './condition.ts';
import { type FieldTable, isLike, meets } from './field-table.ts';

export type FlowFilter = WithOperator & {
  readonly id?: Maybe<NotAnyOf>;
  readonly deployment?: Maybe<WithOperator & IsNull>;
  readonly name?: Maybe<Like>;
  readonly tags?: Maybe<Tags>;
};

type FlowFacts = { readonly flow: Flow; readonly hasDeployment: boolean };

export const flowFields: FieldTable<FlowFacts> = {
  id: { read: ({ flow }) => flow.id },
  deployment: { read: ({ hasDeployment }) => (hasDeployment ? 'some' : undefined) },
  name: { read: ({ flow }) => flow.name },
  tags: { read: ({ flow }) => flow.tags },
};

export function matchesFlow(filter: FlowFilter, flow: Flow, hasDeployment: boolean): boolean {
  return meets(flowFields, filter, { flow, hasDeployment });
}

export type DeploymentFilter = WithOperator & {
  readonly id?: Maybe<NotAnyOf>;
  readonly name?: Maybe<Like>;
  readonly flow_or_deployment_name?: Maybe<{ readonly like_?: Maybe<string> }>;
  readonly paused?: Maybe<{ readonly eq_?: Maybe<boolean> }>;
  readonly tags?: Maybe<Tags>;
  readonly work_queue_name?: Maybe<AnyOf>;
  /** Deprecated by Prefect, whose server ignores it as well. */
  readonly concurrency_limit?: unknown;
};

export const deploymentFields: FieldTable<Deployment> = {
  id: { read: (deployment) => deployment.id },
  name: { read: (deployment) => deployment.name },
  flow_or_deployment_name: {
    judge: ({ like_: part }, deployment) => {
      if (typeof part !== 'string' || part === '') return [true];
      return [isLike(`%${part}%`, deployment.name) || isLike(`%${part}%`, deployment.flowName)];
    },
  },
  paused: { read: (deployment) => deployment.paused },
  tags: { read: (deployment) => deployment.tags },
  work_queue_name: { read: (deployment) => deployment.workQueueName },
  concurrency_limit: { judge: () => [] },
};

export function matchesDeployment(filter: DeploymentFilter, deployment: Deployment): boolean {
  return meets(deploymentFields, filter, deployment);
}

export type WorkPoolFilter = WithOperator & {
  readonly id?: Maybe<AnyOf>;
  readonly name?: Maybe<AnyOf>;
  readonly type?: Maybe<AnyOf>;
};

export const workPoolFields: FieldTable<WorkPool> = {
  id: { read: (pool) => pool.id },
  name: { read: (pool) => pool.name },
  type: { read: (pool) => pool.type },
};

export function matchesWorkPool(filter: WorkPoolFilter, pool: WorkPool): boolean {
  return meets(workPoolFields, filter, pool);
}

export type WorkQueueFilter = WithOperator & {
  readonly id?: Maybe<AnyOf>;
  readonly name?: Maybe<AnyOf & { readonly startswith_?: Maybe<readonly string[]> }>;
};

export const workQueueFields: FieldTable<WorkQueue> = {
  id: { read: (queue) => queue.id },
  name: { read: (queue) => queue.name },
};

export function matchesWorkQueue(filter: WorkQueueFilter, queue: WorkQueue): boolean {
  return meets(workQueueFields, filter, queue);
}

export type WorkerFilter = WithOperator & {
  readonly last_heartbeat_time?: Maybe<Between>;
  readonly status?: Maybe<NotAnyOf<'ONLINE' | 'OFFLINE'>>;
};

type WorkerFacts = { readonly lastHeartbeat: number; readonly status: 'ONLINE' | 'OFFLINE' };

export const workerFields: FieldTable<WorkerFacts> = {
  last_heartbeat_time: { read: (worker) => worker.lastHeartbeat },
  status: { read: (worker) => worker.status },
};

export function matchesWorker(filter: WorkerFilter, worker: WorkerFacts): boolean {
  return meets(workerFields, filter, worker);
}

export type VariableFilter = WithOperator & {
  readonly id?: Maybe<AnyOf>;
  readonly name?: Maybe<Like>;
  readonly tags?: Maybe<Tags>;
};

export const variableFields: FieldTable<Variable> = {
  id: { read: (variable) => variable.id },
  name: { read: (variable) => variable.name },
  tags: { read: (variable) => variable.tags },
};

export function matchesVariable(filter: VariableFilter, variable: Variable): boolean {
  return meets(variableFields, filter, variable);
}
