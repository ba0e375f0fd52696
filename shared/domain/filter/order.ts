// The orders that lists can be asked for. What has no value comes last, whichever way the list runs.
import type { Run } from '../run/run.ts';

type Sortable = string | number | undefined;

const byField =
  <T>(read: (item: T) => Sortable, direction: 1 | -1) =>
  (one: T, other: T): number => {
    const [first, second] = [read(one), read(other)];
    if (first === second) return 0;
    if (first === undefined) return 1;
    if (second === undefined) return -1;
    return first < second ? -direction : direction;
  };

export type NamedSort = 'CREATED_DESC' | 'UPDATED_DESC' | 'NAME_ASC' | 'NAME_DESC';
type Named = { readonly name: string; readonly created: number; readonly updated: number };

export function inNamedOrder<T extends Named>(items: readonly T[], sort: NamedSort): readonly T[] {
  const orders = {
    CREATED_DESC: byField<T>((item) => item.created, -1),
    UPDATED_DESC: byField<T>((item) => item.updated, -1),
    NAME_ASC: byField<T>((item) => item.name, 1),
    NAME_DESC: byField<T>((item) => item.name, -1),
  } satisfies Record<NamedSort, unknown>;
  return items.toSorted(orders[sort]);
}

export const runSorts = [
  'ID_DESC',
  'START_TIME_ASC',
  'START_TIME_DESC',
  'EXPECTED_START_TIME_ASC',
  'EXPECTED_START_TIME_DESC',
  'NAME_ASC',
  'NAME_DESC',
  'NEXT_SCHEDULED_START_TIME_ASC',
  'END_TIME_DESC',
] as const;
export type RunSort = (typeof runSorts)[number];

const started = (run: Run) => run.startTime ?? run.expectedStartTime;

const runOrders = {
  // Prefect's ids tell the time of creation; ours do not, so "newest id" is "expected to start last".
  ID_DESC: byField<Run>((run) => run.expectedStartTime ?? run.created, -1),
  START_TIME_ASC: byField<Run>(started, 1),
  START_TIME_DESC: byField<Run>(started, -1),
  EXPECTED_START_TIME_ASC: byField<Run>((run) => run.expectedStartTime, 1),
  EXPECTED_START_TIME_DESC: byField<Run>((run) => run.expectedStartTime, -1),
  NAME_ASC: byField<Run>((run) => run.name, 1),
  NAME_DESC: byField<Run>((run) => run.name, -1),
  NEXT_SCHEDULED_START_TIME_ASC: byField<Run>((run) => run.nextScheduledStartTime, 1),
  END_TIME_DESC: byField<Run>((run) => run.endTime, -1),
} satisfies Record<RunSort, unknown>;

export function inRunOrder(runs: readonly Run[], sort: RunSort): readonly Run[] {
  return runs.toSorted(runOrders[sort]);
}

/** The direction in which the index of runs has this order, so that reading may stop early. */
export function walkOrder(sort: RunSort): 'ASC' | 'DESC' | undefined {
  if (sort === 'ID_DESC' || sort === 'EXPECTED_START_TIME_DESC') return 'DESC';
  return sort === 'EXPECTED_START_TIME_ASC' ? 'ASC' : undefined;
}
