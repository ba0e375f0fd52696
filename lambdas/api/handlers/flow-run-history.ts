// Histories and lateness of flow runs, from the runs themselves: read in bounded pages as lists are.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { flowRunHistoryRoutes, flowRunPageRoutes } from '../../../shared/contract/flow-run-history.ts';
import type { RunFilters } from '../../../shared/domain/filter/run-filter.ts';
import { historyOf, historySpan } from '../../../shared/domain/history.ts';
import { estimatedRunTimeMs, latenessMs } from '../../../shared/domain/run/estimates.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import { isoText } from '../wire/times.ts';
import { findRuns } from './find-runs.ts';

/** All that a filter means; whoever asks for too many is told which filter to add. */
function allRuns(deps: ApiDeps, filters: RunFilters): Promise<readonly Run[]> {
  return findRuns(deps, { filters, sort: 'ID_DESC', window: { offset: 0, limit: Number.POSITIVE_INFINITY } });
}

/** The filter narrowed to a span of expected starts, where it is one that every condition of must hold. */
function within(filters: RunFilters, { from, until }: { readonly from: number; readonly until: number }): RunFilters {
  const { flow_runs: filter } = filters;
  if (filter?.operator === 'or_') return filters;
  const { after_: after, before_: before } = filter?.expected_start_time ?? {};
  const span = { after_: Math.max(from, after ?? from), before_: Math.min(until, before ?? until) };
  return { ...filters, flow_runs: { ...filter, expected_start_time: span } };
}

export const flowRunHistoryHandlers = {
  async flow_run_history({ body }, deps) {
    const { history_start: start, history_end: end, history_interval_seconds: seconds, ...given } = body;
    if (seconds < 1) throw new Refusal('invalid_request', 'History interval must not be less than 1 second.');
    const { work_queues: queues, ...filters } = given;
    const request = { start, end, intervalMs: seconds * 1000 };
    const span = historySpan(request);
    const wanted = within({ ...filters, work_pool_queues: queues }, span);
    const runs = span.until <= span.from ? [] : await allRuns(deps, wanted);
    const now = deps.world.now();
    const past = runs.map((run) => ({
      ...run,
      runTimeMs: estimatedRunTimeMs(run, now),
      latenessMs: latenessMs(run, now),
    }));
    return historyOf(past, request).map((interval) => ({
      interval_start: isoText(interval.start),
      interval_end: isoText(interval.end),
      states: interval.states.map((state) => ({
        state_type: state.type,
        state_name: state.name,
        count_runs: state.count,
        sum_estimated_run_time: state.runTimeMs / 1000,
        sum_estimated_lateness: state.latenessMs / 1000,
      })),
    }));
  },

  async average_flow_run_lateness({ body }, deps) {
    const runs = await allRuns(deps, body);
    if (runs.length === 0) return null;
    const now = deps.world.now();
    return runs.reduce((sum, run) => sum + latenessMs(run, now), 0) / runs.length / 1000;
  },
} satisfies Handlers<typeof flowRunHistoryRoutes, ApiDeps>;

export const flowRunPageHandlers = {
  async read_flow_run_history({ body }, deps) {
    const { sort, limit, offset, ...filters } = body;
    const runs = await findRuns(deps, { filters, sort, window: { offset, limit: Math.max(0, limit) } });
    const now = deps.world.now();
    return runs.map((run) => ({
      id: run.id,
      state_type: run.state.type,
      timestamp: isoText(run.startTime ?? run.expectedStartTime ?? run.created),
      duration: estimatedRunTimeMs(run, now) / 1000,
      lateness: latenessMs(run, now) / 1000,
    }));
  },
} satisfies Handlers<typeof flowRunPageRoutes, ApiDeps>;
