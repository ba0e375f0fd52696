// Which counts the counters can answer: by state type and by what a run belongs to, never by what it says of itself.
import type { StateType } from '../run/state.ts';
import { matchesDeployment, matchesFlow, matchesWorkPool, matchesWorkQueue } from './catalogue-filters.ts';
import { all, anyOf, given, isNull, notAnyOf } from './condition.ts';
import type { RunFacts, RunFilters } from './run-filter.ts';

/** How many runs of one belonging are in which state. */
export type CountedRuns = {
  readonly key: { readonly deploymentId?: string };
  readonly counts: Readonly<Partial<Record<StateType, number>>>;
};

const countedFields = ['operator', 'state', 'deployment_id'];

export function isCountable(filters: RunFilters): boolean {
  const { flow_runs: runs, task_runs: tasks } = filters;
  if (tasks !== undefined && tasks !== null) return false;
  if (runs === undefined || runs === null) return true;
  if (runs.operator === 'or_' || runs.deployment_id?.operator === 'or_') return false;
  const asked = Object.entries(runs).filter(([, filter]) => filter !== undefined && filter !== null);
  const byName = runs.state?.name;
  return asked.every(([field]) => countedFields.includes(field)) && (byName === undefined || byName === null);
}

/** How many runs of a counter row the filters mean. */
export function matchesCounter(filters: RunFilters, row: CountedRuns, facts: Omit<RunFacts, 'run'>): number {
  const { flow, deployment, workPool, workQueue } = facts;
  const belongs = all([
    given(filters.flows, (f) => flow !== undefined && matchesFlow(f, flow, facts.flowHasDeployment ?? false)),
    given(filters.deployments, (filter) => deployment !== undefined && matchesDeployment(filter, deployment)),
    given(filters.work_pools, (filter) => workPool !== undefined && matchesWorkPool(filter, workPool)),
    given(filters.work_pool_queues, (filter) => workQueue !== undefined && matchesWorkQueue(filter, workQueue)),
    given(filters.flow_runs?.deployment_id, (id) =>
      all([anyOf(id.any_, row.key.deploymentId), isNull(id.is_null_, row.key.deploymentId)]),
    ),
  ]);
  if (!belongs) return 0;
  const types = filters.flow_runs?.state?.type;
  return Object.entries(row.counts)
    .filter(([type]) => all([given(types, (asked) => isAsked(asked, type))]))
    .reduce((sum, [, count]) => sum + count, 0);
}

type AskedTypes = {
  readonly any_?: readonly StateType[] | null | undefined;
  readonly not_any_?: readonly StateType[] | null | undefined;
};

function isAsked(types: AskedTypes, type: string): boolean {
  return all([anyOf<string>(types.any_, type), notAnyOf<string>(types.not_any_, type)]);
}
