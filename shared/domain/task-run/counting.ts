// Counts of task runs for Prefect's page and for histories, from the runs themselves.
import { isTerminal, type StateType, stateTypes } from '../run/state.ts';
import type { TaskRun } from './task-run.ts';

export function countByState(taskRuns: readonly TaskRun[]): Record<StateType, number> {
  const counted = Map.groupBy(taskRuns, ({ state }) => state.type);
  const count = (type: StateType) => [type, counted.get(type)?.length ?? 0] as const;
  const counts = Object.fromEntries(stateTypes.map(count));
  return { ...none, ...counts };
}

const none: Record<StateType, number> = {
  SCHEDULED: 0,
  PENDING: 0,
  RUNNING: 0,
  COMPLETED: 0,
  FAILED: 0,
  CANCELLED: 0,
  CRASHED: 0,
  PAUSED: 0,
  CANCELLING: 0,
};

export type Outcomes = { readonly completed: number; readonly failed: number };

const bucketCount = 20;
const minute = 60_000;

/**
 * Twenty spans of time from the minute of `after` to the end of the minute of `before`, with the ended task runs that
 * started in each. Prefect: Crashed counts as failed, Cancelled as completed.
 */
export function countOutcomes(
  taskRuns: readonly TaskRun[],
  range: { readonly after: number; readonly before: number },
): readonly Outcomes[] {
  const start = Math.floor(range.after / minute) * minute;
  const end = (Math.floor(range.before / minute) + 1) * minute;
  const width = (end - start) / bucketCount;
  const buckets = Array.from({ length: bucketCount }, () => ({ completed: 0, failed: 0 }));
  for (const { startTime, state } of taskRuns) {
    if (startTime === undefined || !isTerminal(state.type)) continue;
    const bucket = buckets[Math.floor((startTime - start) / width)];
    if (bucket === undefined) continue;
    if (state.type === 'FAILED' || state.type === 'CRASHED') bucket.failed += 1;
    else bucket.completed += 1;
  }
  return buckets;
}
