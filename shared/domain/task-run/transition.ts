// The one function that moves a task run to its next state: Prefect's global transforms for task runs, in its order.
// What Prefect's engine orchestrates itself comes in events with all of this already done (from-event.ts).
import { isTerminal, type State } from '../run/state.ts';
import { type TaskRun, textDetail } from './task-run.ts';

/**
 * SetStartTime, SetEndTime, IncrementRunTime, SetExpectedStartTime, SetNextScheduledStartTime, IncrementTaskRunCount.
 * `before` is absent for the state that a task run is created with.
 */
export function enterTaskState(taskRun: TaskRun, state: State, before: State | undefined = taskRun.state): TaskRun {
  const { endTime: formerEnd, startTime: formerStart, nextScheduledStartTime: _next, ...rest } = taskRun;
  const isRunning = state.type === 'RUNNING';
  const isFinal = isTerminal(state.type);
  const startTime = formerStart ?? (isRunning || isFinal ? state.timestamp : undefined);
  const endTime = isFinal ? (formerEnd ?? state.timestamp) : keptEnd(before, formerEnd);
  const next = nextStart(taskRun, before, state);
  const ranMs = before?.type === 'RUNNING' ? state.timestamp - before.timestamp : 0;
  const expected = state.type === 'SCHEDULED' ? state.details.scheduledTime : state.timestamp;
  const childFlowRunIds = childrenOf(taskRun, state);
  return {
    ...rest,
    state: asKept(state),
    updated: state.timestamp,
    runCount: taskRun.runCount + (isRunning ? 1 : 0),
    totalRunTimeMs: taskRun.totalRunTimeMs + ranMs,
    expectedStartTime: taskRun.expectedStartTime ?? expected ?? state.timestamp,
    ...(startTime === undefined ? {} : { startTime }),
    ...(endTime === undefined ? {} : { endTime }),
    ...(next === undefined ? {} : { nextScheduledStartTime: next }),
    ...(childFlowRunIds === undefined ? {} : { childFlowRunIds }),
  };
}

/** A result that nobody persisted is told to whoever reports it, and forgotten. */
function asKept(state: State): State {
  const { data, ...rest } = state;
  const isUnpersisted = typeof data === 'object' && data !== null && 'type' in data && data['type'] === 'unpersisted';
  return isUnpersisted ? rest : state;
}

/** Leaving a final state takes the end away. */
function keptEnd(before: State | undefined, end: number | undefined): number | undefined {
  return before !== undefined && isTerminal(before.type) ? undefined : end;
}

function nextStart(taskRun: TaskRun, before: State | undefined, state: State): number | undefined {
  if (state.type === 'SCHEDULED') return state.details.scheduledTime;
  return before?.type === 'SCHEDULED' ? undefined : taskRun.nextScheduledStartTime;
}

/** A placeholder's states name the run that it stands for; a flow that is tried again may hang another one on it. */
export function childrenOf(taskRun: Pick<TaskRun, 'childFlowRunIds'>, state: State): readonly string[] | undefined {
  const known = taskRun.childFlowRunIds;
  const child = textDetail(state, 'child_flow_run_id');
  if (child === undefined || known?.includes(child)) return known;
  return [...(known ?? []), child].slice(-mostChildren);
}

const mostChildren = 20;
