// Lists and counts of runs. Filters that name runs, parents or task runs read those; everything else walks the runs by
// expected start, in bounded pages, because no index serves arbitrary filters. Plain counts come from the counters.
import { isCountable, matchesCounter } from '../../../shared/domain/filter/count-filter.ts';
import { inRunOrder, type RunSort, walkOrder } from '../../../shared/domain/filter/order.ts';
import { matchesRun, neededFacts, type RunFilters } from '../../../shared/domain/filter/run-filter.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { Runs } from '../../../shared/ports/runs.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import { cut, type Window } from './paging.ts';
import { belongings, readSurroundings, type Surroundings } from './surroundings.ts';
import { taskRunsOfRuns } from './task-runs-of-runs.ts';

/** What one request reads at most. */
const mostRuns = 20_000;

export type RunQuery = { readonly filters: RunFilters; readonly sort: RunSort; readonly window: Window };

/** @throws Refusal invalid_request when too many runs would have to be read; it says which filter to add */
export async function findRuns(deps: ApiDeps, { filters, sort, window }: RunQuery): Promise<readonly Run[]> {
  const order = walkOrder(sort);
  const enough = order === undefined ? Number.POSITIVE_INFINITY : window.offset + window.limit;
  const matching = await matchingRuns(deps, filters, { enough, order: order ?? 'DESC' });
  return cut(inRunOrder(matching, sort), window);
}

export async function countRuns(deps: ApiDeps, filters: RunFilters): Promise<number> {
  if (!isCountable(filters)) return (await allRuns(deps, filters)).length;
  const [rows, around] = await Promise.all([deps.counters.read(), aroundFor(deps, filters)]);
  let count = 0;
  for (const row of rows) {
    const facts = around === undefined ? { flowHasDeployment: false } : belongings(row.key, around);
    count += matchesCounter(filters, row, facts);
  }
  return count;
}

/** Every run that the filters mean. */
function allRuns(deps: ApiDeps, filters: RunFilters): Promise<readonly Run[]> {
  return matchingRuns(deps, filters, { enough: Number.POSITIVE_INFINITY, order: 'DESC' });
}

/** Ids of the flows or deployments that have a run which the filters mean. */
export async function idsOfRuns(
  deps: ApiDeps,
  filters: RunFilters,
  idOf: (run: Run) => string | undefined,
): Promise<ReadonlySet<string | undefined>> {
  return new Set((await allRuns(deps, filters)).map(idOf));
}

type Walk = Parameters<Runs['walk']>[0];

/** @throws Refusal invalid_request once the bound is reached */
export async function* eachRun({ runs }: Pick<ApiDeps, 'runs'>, walk: Walk): AsyncGenerator<readonly Run[]> {
  let total = 0;
  for await (const { ids, read } of runs.walk(walk)) {
    total += read;
    yield ids.length === 0 ? [] : await inWalkOrder(runs, ids);
    if (total > mostRuns) throw tooManyRuns();
  }
}

async function inWalkOrder(runs: Runs, ids: readonly string[]): Promise<readonly Run[]> {
  const found = new Map((await runs.readMany(ids)).map((run) => [run.id, run]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

type Wanted = { readonly enough: number; readonly order: 'ASC' | 'DESC' };

async function matchingRuns(deps: ApiDeps, filters: RunFilters, { enough, order }: Wanted): Promise<readonly Run[]> {
  const around = await aroundFor(deps, filters);
  const named = await namedIds(deps, filters);
  if (named !== undefined) {
    if (named.length > mostRuns) throw tooManyRuns();
    return matchingOf(deps, await deps.runs.readMany(named), { filters, around });
  }
  const matching: Run[] = [];
  if (enough === 0) return matching;
  for await (const runs of eachRun(deps, { order, ...walkBounds(filters) })) {
    matching.push(...(await matchingOf(deps, runs, { filters, around })));
    if (matching.length >= enough) break;
  }
  return matching;
}

function tooManyRuns(): Refusal {
  const cure = 'add flow_runs.id.any_, or flow_runs.expected_start_time with after_ and before_';
  return new Refusal('invalid_request', `more than ${mostRuns} runs would have to be read for this filter: ${cure}`);
}

async function aroundFor(deps: ApiDeps, filters: RunFilters): Promise<Surroundings | undefined> {
  return neededFacts(filters).catalogue ? readSurroundings(deps) : undefined;
}

async function matchingOf(
  deps: ApiDeps,
  heads: readonly Run[],
  { filters, around }: { readonly filters: RunFilters; readonly around: Surroundings | undefined },
): Promise<readonly Run[]> {
  const needed = neededFacts(filters);
  // What the head alone rules out needs no more reading.
  const { flow_runs, task_runs, ...byCatalogue } = filters;
  const candidates = heads.filter((run) => matchesRun(byCatalogue, { run, ...(around && belongings(run, around)) }));
  const bodies = needed.body ? await deps.runs.readBodies(candidates) : new Map();
  const own = candidates.filter((run) => {
    const body = bodies.get(run.id);
    return matchesRun({ flow_runs }, { run, ...(body === undefined ? {} : { body }) });
  });
  if (!needed.taskRuns) return own;
  const taskRuns = await taskRunsOfRuns(deps, own, task_runs);
  return own.filter((run) => matchesRun({ task_runs }, { run, taskRuns: taskRuns.get(run.id) ?? [] }));
}

/** The ids that alone can match, when the filter names runs, their parents or their task runs. */
async function namedIds(deps: ApiDeps, filters: RunFilters): Promise<readonly string[] | undefined> {
  const { flow_runs: runs, task_runs: tasks } = filters;
  if (runs?.operator !== 'or_') {
    const ids = runs?.id?.any_;
    if (ids) return ids;
    const { any_: parents, operator } = runs?.parent_flow_run_id ?? {};
    if (parents && operator !== 'or_') return (await Promise.all(parents.map((id) => deps.runs.children(id)))).flat();
    const trackers = runs?.parent_task_run_id;
    if (trackers?.any_ && trackers.operator !== 'or_') return deps.runs.ofParents(trackers.any_);
  }
  const taskIds = tasks?.operator === 'or_' ? undefined : tasks?.id?.any_;
  if (!taskIds) return undefined;
  const found = await deps.taskRuns.readMany(taskIds);
  return [...new Set(found.flatMap(({ flowRunId }) => flowRunId ?? []))];
}

/** Bounds that the index itself can keep. */
function walkBounds({ flow_runs: filter }: RunFilters): Omit<Walk, 'order'> {
  if (!filter || filter.operator === 'or_') return {};
  const { before_: before, after_: after } = filter.expected_start_time ?? {};
  const types = filter.state?.operator === 'or_' ? undefined : filter.state?.type;
  const isPlain = types?.any_ && !(types.not_any_ && types.not_any_.length > 0);
  return {
    ...(before === undefined || before === null ? {} : { before: Math.floor(before) }),
    ...(after === undefined || after === null ? {} : { after: Math.floor(after) }),
    ...(isPlain && types?.any_ ? { types: types.any_ } : {}),
  };
}
