// Which counts the counters can answer: by state type and by what a run belongs to, never by what it says of itself.
import type { StateType } from '../run/state.ts';
import { matchesDeployment, matchesFlow, matchesWorkPool, matchesWorkQueue } from './catalogue-filters.ts';
import { type FieldTable, meets } from './field-table.ts';
import type { RunFacts, RunFilters } from './run-filter.ts';

/** How many runs of one belonging are in which state. */
export type CountedRuns = {
  readonly key: { readonly deploymentId?: string };
  readonly counts: Readonly<Partial<Record<StateType, number>>>;
};

type Counted = { readonly deploymentId: string | undefined; readonly type: string };

const countedFields: FieldTable<Counted> = {
  state: { parts: { type: { read: ({ type }) => type } } },
  deployment_id: { read: ({ deploymentId }) => deploymentId },
};

export function isCountable(filters: RunFilters): boolean {
  const { flow_runs: runs, task_runs: tasks } = filters;
  if (tasks !== undefined && tasks !== null) return false;
  if (runs === undefined || runs === null) return true;
  const asked = Object.entries(runs).filter(
    ([field, filter]) => field !== 'operator' && filter !== undefined && filter !== null,
  );
  const byName = runs.state?.name;
  return asked.every(([field]) => Object.hasOwn(countedFields, field)) && (byName === undefined || byName === null);
}

/** How many runs of a counter row the filters mean. */
export function matchesCounter(filters: RunFilters, row: CountedRuns, facts: Omit<RunFacts, 'run'>): number {
  const { flow, deployment, workPool, workQueue } = facts;
  const { flow_runs: runs, flows, deployments, work_pools: pools, work_pool_queues: queues } = filters;
  const belongs =
    (!flows || (flow !== undefined && matchesFlow(flows, flow, facts.flowHasDeployment ?? false))) &&
    (!deployments || (deployment !== undefined && matchesDeployment(deployments, deployment))) &&
    (!pools || (workPool !== undefined && matchesWorkPool(pools, workPool))) &&
    (!queues || (workQueue !== undefined && matchesWorkQueue(queues, workQueue)));
  if (!belongs) return 0;
  return Object.entries(row.counts)
    .filter(([type]) => !runs || meets(countedFields, runs, { deploymentId: row.key.deploymentId, type }))
    .reduce((sum, [, count]) => sum + count, 0);
}
