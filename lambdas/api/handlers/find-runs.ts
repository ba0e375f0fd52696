// Lists and counts of runs. `id.any_` reads those runs; everything else reads heads, newest expected start first,
// page by page and up to a bound, because no index serves arbitrary filters. Plain counts come from the counters.
import { isCountable, matchesCounter } from '../../../shared/domain/filter/count-filter.ts';
import { inRunOrder, isListOrder, type RunSort } from '../../../shared/domain/filter/order.ts';
import { matchesRun, neededFacts, type RunFilters } from '../../../shared/domain/filter/run-filter.ts';
import { timeOfId } from '../../../shared/domain/identity.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import { cut, type Window } from './paging.ts';
import { belongings, readSurroundings, type Surroundings } from './surroundings.ts';

const mostHeads = 5_000;
const headsAPage = 500;

export type RunQuery = { readonly filters: RunFilters; readonly sort: RunSort; readonly window: Window };

/** @throws Refusal invalid_request when too many runs would have to be read; it says which filter to add */
export async function findRuns(deps: ApiDeps, { filters, sort, window }: RunQuery): Promise<readonly Run[]> {
  const enough = isListOrder(sort) ? window.offset + window.limit : Number.POSITIVE_INFINITY;
  const matching = await matchingRuns(deps, filters, enough);
  return cut(inRunOrder(matching, sort), window);
}

export async function countRuns(deps: ApiDeps, filters: RunFilters): Promise<number> {
  if (!isCountable(filters)) return (await matchingRuns(deps, filters, Number.POSITIVE_INFINITY)).length;
  const [rows, around] = await Promise.all([deps.counters.read(), aroundFor(deps, filters)]);
  let count = 0;
  for (const row of rows) {
    const facts = around === undefined ? { flowHasDeployment: false } : belongings(row.key, around);
    count += matchesCounter(filters, row, facts);
  }
  return count;
}

/** Ids of the flows or deployments that have a run which the filters mean. */
export async function idsOfRuns(
  deps: ApiDeps,
  filters: RunFilters,
  idOf: (run: Run) => string | undefined,
): Promise<ReadonlySet<string | undefined>> {
  return new Set((await matchingRuns(deps, filters, Number.POSITIVE_INFINITY)).map(idOf));
}

async function matchingRuns(deps: ApiDeps, filters: RunFilters, enough: number): Promise<readonly Run[]> {
  const around = await aroundFor(deps, filters);
  const named = namedIds(filters);
  if (named !== undefined) {
    if (named.length > mostHeads) throw tooManyRuns();
    return matchingOf(deps, await deps.runs.readMany(named), { filters, around });
  }
  const matching: Run[] = [];
  let read = 0;
  let cursor: string | undefined;
  do {
    const limit = Math.min(headsAPage, Math.max(50, enough === Number.POSITIVE_INFINITY ? headsAPage : enough));
    const page = await deps.runs.list({
      limit,
      ...expectedStart(filters),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const heads = await deps.runs.readMany(page.items);
    matching.push(...(await matchingOf(deps, heads, { filters, around })));
    read += page.items.length;
    cursor = page.cursor;
    if (cursor !== undefined && read >= mostHeads && matching.length < enough) throw tooManyRuns();
  } while (cursor !== undefined && matching.length < enough);
  return matching;
}

function tooManyRuns(): Refusal {
  const cure = 'add flow_runs.id.any_, or flow_runs.expected_start_time with after_ and before_';
  return new Refusal('invalid_request', `more than ${mostHeads} runs would have to be read for this filter: ${cure}`);
}

async function aroundFor(deps: ApiDeps, filters: RunFilters): Promise<Surroundings | undefined> {
  return neededFacts(filters).catalogue ? readSurroundings(deps) : undefined;
}

async function matchingOf(
  deps: ApiDeps,
  heads: readonly Run[],
  { filters, around }: { readonly filters: RunFilters; readonly around: Surroundings | undefined },
): Promise<readonly Run[]> {
  const bodies = neededFacts(filters).body ? await deps.runs.readBodies(heads) : new Map();
  return heads.filter((run) => {
    const body = bodies.get(run.id);
    const facts = { run, ...(body === undefined ? {} : { body }), ...(around && belongings(run, around)) };
    return matchesRun(filters, facts);
  });
}

/** The ids that alone can match, when the filter names them. */
function namedIds({ flow_runs: filter }: RunFilters): readonly string[] | undefined {
  return filter?.operator === 'or_' ? undefined : (filter?.id?.any_ ?? undefined);
}

/** Bounds that the list itself can keep. */
function expectedStart({ flow_runs: filter }: RunFilters): { readonly before?: number; readonly after?: number } {
  if (filter?.operator === 'or_') return {};
  const { before_: before, after_: asked } = filter?.expected_start_time ?? {};
  const after = asked ?? childrenSince(filter?.parent_task_run_id);
  return {
    ...(before === undefined || before === null ? {} : { before: Math.floor(before) }),
    ...(after === undefined || after === null ? {} : { after: Math.floor(after) }),
  };
}

/**
 * The engine looks for the child of a task run before it creates one. A child is expected to start after the task run
 * that it hangs on was made, whose id tells when that was; clocks may differ by a minute.
 */
function childrenSince(parent: NonNullable<RunFilters['flow_runs']>['parent_task_run_id']): number | undefined {
  const parents = parent?.operator === 'or_' ? [] : (parent?.any_ ?? []);
  const times = parents.map((id) => timeOfId(id) ?? 0);
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - 60_000);
}
