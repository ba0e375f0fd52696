// Task runs and what engines report of them, for tests: a test states only what matters to it.
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import type { JsonObject } from '../../shared/domain/json.ts';
import type { State, StateType } from '../../shared/domain/run/state.ts';
import type { TaskRun } from '../../shared/domain/task-run/task-run.ts';
import { aState, start } from './run-builders.ts';

const taskRunId = '77777777-7777-4777-8777-777777777777';
export const flowRunId = '88888888-8888-4888-8888-888888888888';

export function aTaskRun({
  state = 'PENDING',
  ...over
}: Partial<Omit<TaskRun, 'state'>> & { state?: State | StateType } = {}): TaskRun {
  return {
    id: taskRunId,
    version: 1,
    created: start,
    updated: start,
    name: 'brave-otter',
    taskKey: 'task',
    dynamicKey: '0',
    policy: {},
    tags: [],
    labels: {},
    taskInputs: {},
    state: typeof state === 'string' ? aState(state) : state,
    runCount: 0,
    flowRunRunCount: 0,
    totalRunTimeMs: 0,
    ...over,
  };
}

export type Reported = {
  /** The event's id, and so the state's. */
  readonly id: string;
  readonly type: StateType;
  /** Milliseconds after `start`. */
  readonly at: number;
  readonly taskRunId?: string;
  readonly flowRunId?: string | null;
  readonly fields?: JsonObject;
  readonly state?: JsonObject;
};

/** What Prefect's engine emits when a task changes its state. */
export function aTaskRunEvent(reported: Reported): PrefectEvent {
  const { id, type, at, taskRunId: taskId = taskRunId, flowRunId: runId = flowRunId, fields, state } = reported;
  const name = `${type.charAt(0)}${type.slice(1).toLowerCase()}`;
  return {
    id,
    occurred: start + at,
    received: start + at,
    event: `prefect.task-run.${name}`,
    resource: {
      'prefect.resource.id': `prefect.task-run.${taskId}`,
      'prefect.resource.name': 'extract-0',
      'prefect.state-type': type,
      'prefect.orchestration': 'client',
    },
    related:
      runId === null
        ? []
        : [{ 'prefect.resource.id': `prefect.flow-run.${runId}`, 'prefect.resource.role': 'flow-run' }],
    payload: {
      intended: { from: null, to: type },
      initial_state: null,
      validated_state: { type, name, message: '', state_details: {}, data: null, ...state },
      task_run: {
        name: 'extract-0',
        task_key: 'extract-1a2b',
        dynamic_key: `extract-${taskId}`,
        empirical_policy: { max_retries: 0, retry_delay_seconds: 0, retries: 0, retry_delay: 0 },
        tags: [],
        labels: {},
        task_inputs: {},
        run_count: type === 'PENDING' ? 0 : 1,
        flow_run_run_count: 1,
        total_run_time: 0,
        ...fields,
      },
    },
  };
}
