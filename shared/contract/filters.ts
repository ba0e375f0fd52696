// Prefect's filter objects. Unknown fields are refused, as Prefect does: a misspelled filter would match everything.
import { z } from 'zod';
import { stateTypes } from '../domain/run/state.ts';
import { time, uuid } from './scalars.ts';
import { stateType } from './states.ts';

const ids = z.array(uuid).nullish();
const texts = z.array(z.string()).nullish();
const text = z.string().nullish();
const flag = z.boolean().nullish();
const types = z.array(stateType).nullish();
export const operator = z.enum(['and_', 'or_']).meta({ id: 'Operator' }).optional();

const idFilter = z.strictObject({ any_: ids, not_any_: ids });
const onlyIdFilter = z.strictObject({ any_: ids });
const nameFilter = z.strictObject({ any_: texts, like_: text });
const allTags = z.strictObject({ operator, all_: texts, is_null_: flag });
const anyTags = z.strictObject({ operator, all_: texts, any_: texts, is_null_: flag });
const optionalIdFilter = z.strictObject({ operator, any_: ids, is_null_: flag });
const between = z.strictObject({ before_: time.nullish(), after_: time.nullish() });
const optionalBetween = z.strictObject({ before_: time.nullish(), after_: time.nullish(), is_null_: flag });

export const flowFilter = z
  .strictObject({
    operator,
    id: idFilter.nullish(),
    deployment: z.strictObject({ operator, is_null_: flag }).nullish(),
    name: nameFilter.nullish(),
    tags: allTags.nullish(),
  })
  .meta({ id: 'FlowFilter' });

export const flowRunFilter = z
  .strictObject({
    operator,
    id: idFilter.nullish(),
    name: nameFilter.nullish(),
    tags: anyTags.nullish(),
    deployment_id: optionalIdFilter.nullish(),
    work_queue_name: z.strictObject({ operator, any_: texts, is_null_: flag }).nullish(),
    state: z
      .strictObject({
        operator,
        type: z.strictObject({ any_: types, not_any_: types }).nullish(),
        name: z.strictObject({ any_: texts, not_any_: texts }).nullish(),
      })
      .nullish(),
    flow_version: z.strictObject({ any_: texts }).nullish(),
    start_time: optionalBetween.nullish(),
    end_time: optionalBetween.nullish(),
    expected_start_time: between.nullish(),
    next_scheduled_start_time: between.nullish(),
    parent_flow_run_id: z.strictObject({ operator, any_: ids }).nullish(),
    parent_task_run_id: optionalIdFilter.nullish(),
    idempotency_key: z.strictObject({ any_: texts, not_any_: texts }).nullish(),
    created_by: z.strictObject({ operator, id_: ids, type_: texts, is_null_: flag }).nullish(),
  })
  .meta({ id: 'FlowRunFilter' });

export const taskRunFilter = z
  .strictObject({
    operator,
    id: onlyIdFilter.nullish(),
    name: nameFilter.nullish(),
    tags: allTags.nullish(),
    state: z
      .strictObject({
        operator,
        type: z.strictObject({ any_: z.array(z.enum(stateTypes)).nullish() }).nullish(),
        name: z.strictObject({ any_: texts }).nullish(),
      })
      .nullish(),
    start_time: optionalBetween.nullish(),
    end_time: optionalBetween.nullish(),
    expected_start_time: between.nullish(),
    subflow_runs: z.strictObject({ exists_: flag }).nullish(),
    flow_run_id: optionalIdFilter.nullish(),
  })
  .meta({ id: 'TaskRunFilter' });

const integer = z.number().int().nullish();

export const deploymentFilter = z
  .strictObject({
    operator,
    id: idFilter.nullish(),
    name: nameFilter.nullish(),
    flow_or_deployment_name: z.strictObject({ like_: text }).nullish(),
    paused: z.strictObject({ eq_: flag }).nullish(),
    tags: anyTags.nullish(),
    work_queue_name: z.strictObject({ any_: texts }).nullish(),
    concurrency_limit: z.strictObject({ ge_: integer, le_: integer, is_null_: flag }).nullish(),
  })
  .meta({ id: 'DeploymentFilter' });

export const workPoolFilter = z
  .strictObject({
    operator,
    id: onlyIdFilter.nullish(),
    name: z.strictObject({ any_: texts }).nullish(),
    type: z.strictObject({ any_: texts }).nullish(),
  })
  .meta({ id: 'WorkPoolFilter' });

export const workQueueFilter = z
  .strictObject({
    operator,
    id: onlyIdFilter.nullish(),
    name: z.strictObject({ any_: texts, startswith_: texts }).nullish(),
  })
  .meta({ id: 'WorkQueueFilter' });

const workerStatuses = z.array(z.enum(['ONLINE', 'OFFLINE'])).nullish();

export const workerFilter = z
  .strictObject({
    operator,
    last_heartbeat_time: between.nullish(),
    status: z.strictObject({ any_: workerStatuses, not_any_: workerStatuses }).nullish(),
  })
  .meta({ id: 'WorkerFilter' });

export const logFilter = z
  .strictObject({
    operator,
    level: z.strictObject({ ge_: integer, le_: integer }).nullish(),
    timestamp: between.nullish(),
    flow_run_id: onlyIdFilter.nullish(),
    task_run_id: z.strictObject({ any_: ids, is_null_: flag }).nullish(),
    text: z.strictObject({ query: z.string().max(200) }).nullish(),
  })
  .meta({ id: 'LogFilter' });

export const variableFilter = z
  .strictObject({
    operator,
    id: onlyIdFilter.nullish(),
    name: nameFilter.nullish(),
    tags: allTags.nullish(),
  })
  .meta({ id: 'VariableFilter' });

export const automationFilter = z
  .strictObject({
    operator,
    id: onlyIdFilter.nullish(),
    name: z.strictObject({ any_: texts }).nullish(),
    created: z.strictObject({ before_: time.nullish() }).nullish(),
    tags: anyTags.nullish(),
  })
  .meta({ id: 'AutomationFilter' });

/** What lists of flow runs and deployments take; queues are called work_pool_queues there. */
export const everyFilter = {
  flows: flowFilter.nullish(),
  flow_runs: flowRunFilter.nullish(),
  task_runs: taskRunFilter.nullish(),
  deployments: deploymentFilter.nullish(),
  work_pools: workPoolFilter.nullish(),
  work_pool_queues: workQueueFilter.nullish(),
};
