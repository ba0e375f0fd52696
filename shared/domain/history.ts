// A history of runs: how many were expected to start in each interval, by the state that they are in now.
// Source: Prefect's run_history; flow runs and task runs have the same one.
import type { State, StateType } from './run/state.ts';

export type HistoryRequest = {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly end: number;
  readonly intervalMs: number;
};

export type PastRun = {
  readonly expectedStartTime?: number;
  readonly state: Pick<State, 'type' | 'name'>;
  readonly runTimeMs: number;
  readonly latenessMs: number;
};

export type HistoryInterval = {
  readonly start: number;
  readonly end: number;
  readonly states: readonly {
    readonly type: StateType;
    readonly name: string;
    readonly count: number;
    readonly runTimeMs: number;
    readonly latenessMs: number;
  }[];
};

/** Prefect cuts what would have more. */
const mostIntervals = 500;

function intervalCount({ start, end, intervalMs }: HistoryRequest): number {
  return end <= start ? 0 : Math.min(Math.ceil((end - start) / intervalMs), mostIntervals);
}

/** The span that runs have to be read for; its end is no part of it. */
export function historySpan(request: HistoryRequest): { readonly from: number; readonly until: number } {
  return { from: request.start, until: request.start + intervalCount(request) * request.intervalMs };
}

export function historyOf(runs: readonly PastRun[], request: HistoryRequest): readonly HistoryInterval[] {
  const { start, intervalMs } = request;
  const { from, until } = historySpan(request);
  const within = runs.filter(({ expectedStartTime: at }) => at !== undefined && at >= from && at < until);
  const byInterval = Map.groupBy(within, ({ expectedStartTime: at = 0 }) => Math.floor((at - start) / intervalMs));
  return Array.from({ length: intervalCount(request) }, (_, index) => ({
    start: start + index * intervalMs,
    end: start + (index + 1) * intervalMs,
    states: statesOf(byInterval.get(index) ?? []),
  }));
}

function statesOf(runs: readonly PastRun[]): HistoryInterval['states'] {
  const byState = Map.groupBy(runs, ({ state }) => JSON.stringify([state.type, state.name]));
  return [...byState.entries()]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group;
      if (first === undefined) return [];
      const sum = (read: (run: PastRun) => number) => group.reduce((total, run) => total + Math.max(0, read(run)), 0);
      return [
        {
          type: first.state.type,
          name: first.state.name,
          count: group.length,
          runTimeMs: sum(({ runTimeMs }) => runTimeMs),
          latenessMs: sum(({ latenessMs }) => latenessMs),
        },
      ];
    });
}
