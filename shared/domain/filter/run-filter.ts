// Which runs a filter means, nested filters on the run's flow, deployment, pool, queue and task runs included.
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
import type { AnyOf, Between, IsNull, Like, Maybe, NotAnyOf, Tags, WithOperator } from './condition.ts';
import { type FieldTable, meets } from './field-table.ts';
import { matchesTaskRun, type TaskRunFacts, type TaskRunFilter } from './task-run-filter.ts';

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
  readonly task_runs?: Maybe<TaskRunFilter>;
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
  readonly taskRuns?: readonly TaskRunFacts[];
};

/** Whether these filters look beyond the heads of runs. */
export function neededFacts(filters: RunFilters): {
  readonly body: boolean;
  readonly catalogue: boolean;
  readonly taskRuns: boolean;
} {
  const runs = filters.flow_runs;
  return {
    body: isAsked(runs?.flow_version) || isAsked(runs?.created_by),
    catalogue: [filters.flows, filters.deployments, filters.work_pools, filters.work_pool_queues].some(isAsked),
    taskRuns: isAsked(filters.task_runs),
  };
}

function isAsked(filter: unknown): boolean {
  return filter !== undefined && filter !== null;
}

export const flowRunFields: FieldTable<RunFacts> = {
  id: { read: ({ run }) => run.id },
  name: { read: ({ run }) => run.name },
  tags: { read: ({ run }) => run.tags },
  deployment_id: { read: ({ run }) => run.deploymentId },
  work_queue_name: { read: ({ run }) => run.workQueueName },
  state: {
    parts: { type: { read: ({ run }) => run.state.type }, name: { read: ({ run }) => run.state.name } },
  },
  flow_version: { read: ({ body }) => body?.flowVersion },
  start_time: {
    read: ({ run }) => run.startTime,
    // Prefect lets a run that has not started count by when it is expected to.
    by: { before_: startOrExpected, after_: startOrExpected },
  },
  end_time: { read: ({ run }) => run.endTime },
  expected_start_time: { read: ({ run }) => run.expectedStartTime },
  next_scheduled_start_time: { read: ({ run }) => run.nextScheduledStartTime },
  parent_flow_run_id: { read: ({ run }) => run.parentRunId },
  parent_task_run_id: { read: ({ run }) => run.parentTaskRunId },
  idempotency_key: { read: ({ run }) => run.idempotencyKey },
  created_by: {
    read: ({ body }) => (isAsked(body?.createdBy) ? 'some' : undefined),
    by: { id_: ({ body }) => textOf(body?.createdBy, 'id'), type_: ({ body }) => textOf(body?.createdBy, 'type') },
  },
};

function startOrExpected({ run }: RunFacts): number | undefined {
  return run.startTime ?? run.expectedStartTime;
}

export function matchesRun(filters: RunFilters, facts: RunFacts): boolean {
  const { flow, deployment, workPool, workQueue, taskRuns = [] } = facts;
  const { flow_runs, flows, deployments, work_pools, work_pool_queues, task_runs } = filters;
  return (
    (!flow_runs || meets(flowRunFields, flow_runs, facts)) &&
    (!flows || (flow !== undefined && matchesFlow(flows, flow, facts.flowHasDeployment ?? false))) &&
    (!deployments || (deployment !== undefined && matchesDeployment(deployments, deployment))) &&
    (!work_pools || (workPool !== undefined && matchesWorkPool(work_pools, workPool))) &&
    (!work_pool_queues || (workQueue !== undefined && matchesWorkQueue(work_pool_queues, workQueue))) &&
    (!task_runs || taskRuns.some((taskRun) => matchesTaskRun(task_runs, taskRun)))
  );
}
