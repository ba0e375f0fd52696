// Which runs a filter means, nested filters on the run's flow, deployment, pool and queue included.
import type { Deployment, Flow, WorkPool, WorkQueue } from '../catalogue.ts';
import type { Run, RunBody } from '../run/run.ts';
import type { StateType } from '../run/state.ts';
import { textOf } from '../template/json-value.ts';
import {
  type DeploymentFilter,
  type FlowFilter,
  matchesDeployment,
  matchesFlow,
  matchesWorkPool,
  matchesWorkQueue,
  type WorkPoolFilter,
  type WorkQueueFilter,
} from './catalogue-filters.ts';
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
  isNull,
  type Like,
  type Maybe,
  type NotAnyOf,
  named,
  notAnyOf,
  type Tags,
  tagged,
  type WithOperator,
} from './condition.ts';

export type FlowRunFilter = WithOperator & {
  readonly id?: Maybe<NotAnyOf>;
  readonly name?: Maybe<Like>;
  readonly tags?: Maybe<Tags>;
  readonly deployment_id?: Maybe<WithOperator & AnyOf & IsNull>;
  readonly work_queue_name?: Maybe<WithOperator & AnyOf & IsNull>;
  readonly state?: Maybe<
    WithOperator & { readonly type?: Maybe<NotAnyOf<StateType>>; readonly name?: Maybe<NotAnyOf> }
  >;
  readonly flow_version?: Maybe<AnyOf>;
  readonly start_time?: Maybe<Between & IsNull>;
  readonly end_time?: Maybe<Between & IsNull>;
  readonly expected_start_time?: Maybe<Between>;
  readonly next_scheduled_start_time?: Maybe<Between>;
  readonly parent_flow_run_id?: Maybe<WithOperator & AnyOf>;
  readonly parent_task_run_id?: Maybe<WithOperator & AnyOf & IsNull>;
  readonly idempotency_key?: Maybe<NotAnyOf>;
  readonly created_by?: Maybe<
    WithOperator & IsNull & { readonly id_?: Maybe<readonly string[]>; readonly type_?: Maybe<readonly string[]> }
  >;
};

/** A filter object per kind; one that is given asks for the thing to exist. */
export type RunFilters = {
  readonly flow_runs?: Maybe<FlowRunFilter>;
  readonly flows?: Maybe<FlowFilter>;
  readonly deployments?: Maybe<DeploymentFilter>;
  readonly work_pools?: Maybe<WorkPoolFilter>;
  readonly work_pool_queues?: Maybe<WorkQueueFilter>;
  /** No task runs are recorded yet, so a run of which one is asked for does not exist. */
  readonly task_runs?: unknown;
};

/** A run and what belongs to it, as far as the filters ask (`neededFacts`). */
export type RunFacts = {
  readonly run: Run;
  readonly body?: RunBody;
  readonly flow?: Flow;
  readonly flowHasDeployment?: boolean;
  readonly deployment?: Deployment;
  readonly workPool?: WorkPool;
  readonly workQueue?: WorkQueue;
};

/** Whether these filters look beyond the heads of runs. */
export function neededFacts(filters: RunFilters): { readonly body: boolean; readonly catalogue: boolean } {
  const runs = filters.flow_runs;
  const isAsked = (filter: unknown) => filter !== undefined && filter !== null;
  return {
    body: isAsked(runs?.flow_version) || isAsked(runs?.created_by),
    catalogue: [filters.flows, filters.deployments, filters.work_pools, filters.work_pool_queues].some(isAsked),
  };
}

export function matchesRun(filters: RunFilters, facts: RunFacts): boolean {
  const { flow, deployment, workPool, workQueue } = facts;
  return all([
    given(filters.flow_runs, (filter) => matchesHead(filter, facts)),
    given(filters.flows, (f) => flow !== undefined && matchesFlow(f, flow, facts.flowHasDeployment ?? false)),
    given(filters.deployments, (filter) => deployment !== undefined && matchesDeployment(filter, deployment)),
    given(filters.work_pools, (filter) => workPool !== undefined && matchesWorkPool(filter, workPool)),
    given(filters.work_pool_queues, (filter) => workQueue !== undefined && matchesWorkQueue(filter, workQueue)),
    given(filters.task_runs, () => false),
  ]);
}

function matchesHead(filter: FlowRunFilter, facts: RunFacts): boolean {
  const { run, body } = facts;
  return combine(filter.operator, [
    given(filter.id, (id) => identified(id, run.id)),
    given(filter.name, (name) => named(name, run.name)),
    given(filter.tags, (tags) => tagged(tags, run.tags)),
    given(filter.deployment_id, (id) => referred(id, run.deploymentId)),
    given(filter.work_queue_name, (name) => referred(name, run.workQueueName)),
    given(filter.flow_version, ({ any_: versions }) => anyOf(versions, body?.flowVersion) ?? true),
    given(filter.state, (state) => matchesState(state, run)),
    given(filter.start_time, (bounds) =>
      // Prefect lets a run that has not started count by when it is expected to.
      all([between(bounds, run.startTime ?? run.expectedStartTime), isNull(bounds.is_null_, run.startTime)]),
    ),
    given(filter.end_time, (bounds) => all([between(bounds, run.endTime), isNull(bounds.is_null_, run.endTime)])),
    given(filter.expected_start_time, (bounds) => between(bounds, run.expectedStartTime)),
    given(filter.next_scheduled_start_time, (bounds) => between(bounds, run.nextScheduledStartTime)),
    given(filter.parent_flow_run_id, ({ any_: ids }) => anyOf(ids, undefined) ?? true),
    given(filter.parent_task_run_id, (id) => referred(id, run.parentTaskRunId)),
    given(filter.idempotency_key, (key) =>
      all([anyOf(key.any_, run.idempotencyKey), notAnyOf(key.not_any_, run.idempotencyKey)]),
    ),
    given(filter.created_by, (creator) => matchesCreator(creator, body?.createdBy)),
  ]);
}

function referred(filter: WithOperator & AnyOf & IsNull, value: string | undefined): boolean {
  return combine(filter.operator, [anyOf(filter.any_, value), isNull(filter.is_null_, value)]);
}

function matchesState(filter: NonNullable<FlowRunFilter['state']>, { state }: Run): boolean {
  const { type, name } = filter;
  return combine(filter.operator, [
    given(type, (types) => all([anyOf(types.any_, state.type), notAnyOf(types.not_any_, state.type)])),
    given(name, (names) => all([anyOf(names.any_, state.name), notAnyOf(names.not_any_, state.name)])),
  ]);
}

function matchesCreator(filter: NonNullable<FlowRunFilter['created_by']>, createdBy: RunBody['createdBy']): boolean {
  return combine(filter.operator, [
    anyOf(filter.id_, textOf(createdBy, 'id')),
    anyOf(filter.type_, textOf(createdBy, 'type')),
    isNull(filter.is_null_, createdBy ?? undefined),
  ]);
}
