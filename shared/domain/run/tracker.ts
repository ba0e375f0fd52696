// The task run that stands for a subflow in its parent: whatever state the subflow enters, it enters as well.
import type { TaskRun } from '../task-run/task-run.ts';
import { enterTaskState } from '../task-run/transition.ts';
import type { Run } from './run.ts';

/** The tracking task run once its subflow is in `run.state`; `stateId` is for the task run's own state. */
export function trackerAfter(tracker: TaskRun, run: Run, stateId: string): TaskRun {
  const { state } = run;
  const { task_run_id: _tracker, ...other } = state.details.other ?? {};
  return enterTaskState(tracker, {
    ...state,
    id: stateId,
    timestamp: Math.max(state.timestamp, tracker.state.timestamp + 1),
    details: { ...state.details, other: { ...other, child_flow_run_id: run.id } },
  });
}
