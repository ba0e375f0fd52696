// Which task runs a filter means.
import type { StateType } from '../run/state.ts';
import type { TaskRun } from '../task-run/task-run.ts';
import type { AnyOf, Between, IsNull, Like, Maybe, Tags, WithOperator } from './condition.ts';
import { type FieldTable, meets } from './field-table.ts';

export type TaskRunFilter = WithOperator & {
  readonly id?: Maybe<AnyOf>;
  readonly name?: Maybe<Like>;
  readonly tags?: Maybe<Tags>;
  readonly state?: Maybe<WithOperator & { readonly type?: Maybe<AnyOf<StateType>>; readonly name?: Maybe<AnyOf> }>;
  readonly start_time?: Maybe<Between & IsNull>;
  readonly end_time?: Maybe<Between & IsNull>;
  readonly expected_start_time?: Maybe<Between>;
  readonly subflow_runs?: Maybe<{ readonly exists_?: Maybe<boolean> }>;
  readonly flow_run_id?: Maybe<WithOperator & AnyOf & IsNull>;
};

export type TaskRunFacts = { readonly taskRun: TaskRun; readonly hasSubflow: boolean };

export const taskRunFields: FieldTable<TaskRunFacts> = {
  id: { read: ({ taskRun }) => taskRun.id },
  name: { read: ({ taskRun }) => taskRun.name },
  tags: { read: ({ taskRun }) => taskRun.tags },
  state: {
    parts: {
      type: { read: ({ taskRun }) => taskRun.state.type },
      name: { read: ({ taskRun }) => taskRun.state.name },
    },
  },
  start_time: { read: ({ taskRun }) => taskRun.startTime },
  end_time: { read: ({ taskRun }) => taskRun.endTime },
  expected_start_time: { read: ({ taskRun }) => taskRun.expectedStartTime },
  subflow_runs: { read: ({ hasSubflow }) => hasSubflow },
  flow_run_id: {
    // Prefect's default here is `is_null_: false`, and a list of ids goes before it.
    judge: ({ any_: ids, is_null_: isNull = false }, { taskRun }) => {
      if (isNull === true) return [taskRun.flowRunId === undefined];
      if (Array.isArray(ids)) return [ids.includes(taskRun.flowRunId)];
      return [isNull === null || taskRun.flowRunId !== undefined];
    },
  },
};

export function matchesTaskRun(filter: TaskRunFilter, facts: TaskRunFacts): boolean {
  return meets(taskRunFields, filter, facts);
}
