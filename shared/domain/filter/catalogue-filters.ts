// Which flows, deployments, pools, queues, workers and variables a filter means.
import type { Deployment, Flow, Variable, WorkPool, WorkQueue } from '../catalogue.ts';
import {
  type AnyOf,
  all,
  anyOf,
  type Between,
  between,
  combine,
  given,
  type IsNull,
  identified,
  type Like,
  like,
  type Maybe,
  type NotAnyOf,
  named,
  notAnyOf,
  type Tags,
  tagged,
  type WithOperator,
} from './condition.ts';

export type FlowFilter = WithOperator & {
  readonly id?: Maybe<NotAnyOf>;
  readonly deployment?: Maybe<WithOperator & IsNull>;
  readonly name?: Maybe<Like>;
  readonly tags?: Maybe<Tags>;
};

export function matchesFlow(filter: FlowFilter, flow: Flow, hasDeployment: boolean): boolean {
  return combine(filter.operator, [
    given(filter.id, (id) => identified(id, flow.id)),
    given(filter.deployment, ({ is_null_: wanted }) => (wanted ?? undefined) !== hasDeployment),
    given(filter.name, (name) => named(name, flow.name)),
    given(filter.tags, (tags) => tagged(tags, flow.tags)),
  ]);
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

export function matchesDeployment(filter: DeploymentFilter, deployment: Deployment): boolean {
  return combine(filter.operator, [
    given(filter.id, (id) => identified(id, deployment.id)),
    given(filter.name, (name) => named(name, deployment.name)),
    given(filter.flow_or_deployment_name, ({ like_: part }) => {
      return like(part, deployment.name) !== false || like(part, deployment.flowName) !== false;
    }),
    given(filter.paused, ({ eq_: wanted }) => (wanted ?? deployment.paused) === deployment.paused),
    given(filter.tags, (tags) => tagged(tags, deployment.tags)),
    given(filter.work_queue_name, ({ any_: names }) => anyOf(names, deployment.workQueueName) ?? true),
  ]);
}

export type WorkPoolFilter = WithOperator & {
  readonly id?: Maybe<AnyOf>;
  readonly name?: Maybe<AnyOf>;
  readonly type?: Maybe<AnyOf>;
};

export function matchesWorkPool(filter: WorkPoolFilter, pool: WorkPool): boolean {
  return combine(filter.operator, [
    given(filter.id, ({ any_: ids }) => anyOf(ids, pool.id) ?? true),
    given(filter.name, ({ any_: names }) => anyOf(names, pool.name) ?? true),
    given(filter.type, ({ any_: types }) => anyOf(types, pool.type) ?? true),
  ]);
}

export type WorkQueueFilter = WithOperator & {
  readonly id?: Maybe<AnyOf>;
  readonly name?: Maybe<AnyOf & { readonly startswith_?: Maybe<readonly string[]> }>;
};

export function matchesWorkQueue(filter: WorkQueueFilter, queue: WorkQueue): boolean {
  return combine(filter.operator, [
    given(filter.id, ({ any_: ids }) => anyOf(ids, queue.id) ?? true),
    given(filter.name, ({ any_: names, startswith_: starts }) =>
      all([
        anyOf(names, queue.name),
        given(starts, (texts) => texts.some((text) => queue.name.toLowerCase().startsWith(text.toLowerCase()))),
      ]),
    ),
  ]);
}

export type WorkerFilter = WithOperator & {
  readonly last_heartbeat_time?: Maybe<Between>;
  readonly status?: Maybe<NotAnyOf<'ONLINE' | 'OFFLINE'>>;
};

export function matchesWorker(
  filter: WorkerFilter,
  worker: { readonly lastHeartbeat: number; readonly status: 'ONLINE' | 'OFFLINE' },
): boolean {
  return combine(filter.operator, [
    given(filter.last_heartbeat_time, (bounds) => between(bounds, worker.lastHeartbeat)),
    given(filter.status, (status) =>
      all([anyOf(status.any_, worker.status), notAnyOf(status.not_any_, worker.status)]),
    ),
  ]);
}

export type VariableFilter = WithOperator & {
  readonly id?: Maybe<AnyOf>;
  readonly name?: Maybe<Like>;
  readonly tags?: Maybe<Tags>;
};

export function matchesVariable(filter: VariableFilter, variable: Variable): boolean {
  return combine(filter.operator, [
    given(filter.id, ({ any_: ids }) => anyOf(ids, variable.id) ?? true),
    given(filter.name, (name) => named(name, variable.name)),
    given(filter.tags, (tags) => tagged(tags, variable.tags)),
  ]);
}
