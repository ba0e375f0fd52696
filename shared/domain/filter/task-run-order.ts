// The orders that lists of task runs can be asked for. What has no value comes last, whichever way the list runs.
import type { TaskRun } from '../task-run/task-run.ts';

export type TaskRunSort =
  | 'ID_DESC'
  | 'EXPECTED_START_TIME_ASC'
  | 'EXPECTED_START_TIME_DESC'
  | 'NAME_ASC'
  | 'NAME_DESC'
  | 'NEXT_SCHEDULED_START_TIME_ASC'
  | 'END_TIME_DESC';

type Sortable = string | number | undefined;
type Order = { readonly read: (taskRun: TaskRun) => Sortable; readonly direction: 1 | -1 };

const orders = {
  ID_DESC: { read: ({ id }) => id, direction: -1 },
  EXPECTED_START_TIME_ASC: { read: ({ expectedStartTime }) => expectedStartTime, direction: 1 },
  EXPECTED_START_TIME_DESC: { read: ({ expectedStartTime }) => expectedStartTime, direction: -1 },
  NAME_ASC: { read: ({ name }) => name, direction: 1 },
  NAME_DESC: { read: ({ name }) => name, direction: -1 },
  NEXT_SCHEDULED_START_TIME_ASC: { read: ({ nextScheduledStartTime }) => nextScheduledStartTime, direction: 1 },
  END_TIME_DESC: { read: ({ endTime }) => endTime, direction: -1 },
} as const satisfies Record<TaskRunSort, Order>;

/** Equals stand by id, so that pages do not overlap. */
export function inTaskRunOrder(taskRuns: readonly TaskRun[], sort: TaskRunSort): readonly TaskRun[] {
  const { read, direction }: Order = orders[sort];
  return taskRuns.toSorted((one, other) => compare(read(one), read(other), direction) || compare(one.id, other.id, -1));
}

function compare(one: Sortable, other: Sortable, direction: 1 | -1): number {
  if (one === other) return 0;
  if (one === undefined) return 1;
  if (other === undefined) return -1;
  return one < other ? -direction : direction;
}

/** The orders that the store's own list has, so that reading may stop early. Ids mostly tell the time. */
export function isTaskListOrder(sort: TaskRunSort): boolean {
  return sort === 'ID_DESC' || sort === 'EXPECTED_START_TIME_DESC';
}
