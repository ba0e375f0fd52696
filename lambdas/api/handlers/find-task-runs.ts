// Lists and counts of task runs. Ids and flow runs that a filter names lead straight to them; everything else reads
// the list, newest expected start first, page by page and up to a bound, because no index serves arbitrary filters.
import { matchesRun, neededFacts, type RunFilters } from '../../../shared/domain/filter/run-filter.ts';
import { matchesTaskRun, type TaskRunFilter } from '../../../shared/domain/filter/task-run-filter.ts';
import { inTaskRunOrder, isTaskListOrder, type TaskRunSort } from '../../../shared/domain/filter/task-run-order.ts';
import type { TaskRun } from '../../../shared/domain/task-run/task-run.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import { cut, type Window } from './paging.ts';
import { belongings, readSurroundings, type Surroundings } from './surroundings.ts';

const mostTaskRuns = 20_000;
const taskRunsAPage = 1_000;
/** Entries of the index that a plain count may read. */
const mostCounted = 500_000;

export type TaskRunFilters = RunFilters;

export type TaskRunQuery = { readonly filters: TaskRunFilters; readonly sort: TaskRunSort; readonly window: Window };

/** @throws Refusal invalid_request when too many would have to be read; it says which filter to add */
export async function findTaskRuns(
  deps: ApiDeps,
  { filters, sort, window }: TaskRunQuery,
): Promise<readonly TaskRun[]> {
  const enough = isTaskListOrder(sort) ? window.offset + window.limit : Number.POSITIVE_INFINITY;
  const { taskRuns, areAll } = await matching(deps, filters, enough);
  // A list that was read only as far as needed is in the order of its index.
  return cut(inTaskRunOrder(taskRuns, areAll || !isTaskListOrder(sort) ? sort : 'EXPECTED_START_TIME_DESC'), window);
}

/** All that the filters mean, in no order. */
export async function allTaskRuns(deps: ApiDeps, filters: TaskRunFilters): Promise<readonly TaskRun[]> {
  return (await matching(deps, filters, Number.POSITIVE_INFINITY)).taskRuns;
}

export async function countTaskRuns(deps: ApiDeps, filters: TaskRunFilters): Promise<number> {
  if (Object.values(filters).some(isAsked)) return (await allTaskRuns(deps, filters)).length;
  const count = await deps.taskRuns.count(mostCounted);
  if (count === undefined) throw tooMany(mostCounted);
  return count;
}

function isAsked(filter: unknown): boolean {
  return filter !== undefined && filter !== null;
}

type Found = { readonly taskRuns: readonly TaskRun[]; readonly areAll: boolean };

async function matching(deps: ApiDeps, filters: TaskRunFilters, enough: number): Promise<Found> {
  const { task_runs: own, ...ofRuns } = filters;
  const around = neededFacts(ofRuns).catalogue ? await readSurroundings(deps) : undefined;
  const named = await namedIds(deps, filters);
  if (named !== undefined) {
    const taskRuns = await deps.taskRuns.readMany(named);
    return { taskRuns: await matchingOf(deps, taskRuns, { own, ofRuns, around }), areAll: true };
  }
  const found: TaskRun[] = [];
  let read = 0;
  let cursor: string | undefined;
  do {
    const limit = Math.min(taskRunsAPage, Math.max(100, enough === Number.POSITIVE_INFINITY ? taskRunsAPage : enough));
    const page = await deps.taskRuns.list({
      limit,
      ...expectedStart(own),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...(await matchingOf(deps, await deps.taskRuns.readMany(page.items), { own, ofRuns, around })));
    read += page.items.length;
    cursor = page.cursor;
    if (cursor !== undefined && read >= mostTaskRuns && found.length < enough) throw tooMany(mostTaskRuns);
  } while (cursor !== undefined && found.length < enough);
  return { taskRuns: found, areAll: cursor === undefined };
}

function tooMany(most: number): Refusal {
  const cure = 'add flow_runs.id.any_, or task_runs.expected_start_time with after_ and before_';
  return new Refusal('invalid_request', `more than ${most} task runs would have to be read for this filter: ${cure}`);
}

/** The ids that alone can match, when the filters name them or their flow runs. */
async function namedIds(deps: ApiDeps, filters: TaskRunFilters): Promise<readonly string[] | undefined> {
  const { task_runs: own, flow_runs: runs } = filters;
  const ids = own?.operator === 'or_' ? undefined : own?.id?.any_;
  if (isAsked(ids) && ids) {
    if (ids.length > mostTaskRuns) throw tooMany(mostTaskRuns);
    return ids;
  }
  const ofTask = own?.operator === 'or_' || own?.flow_run_id?.is_null_ === true ? undefined : own?.flow_run_id?.any_;
  const flowRunIds = ofTask ?? (runs?.operator === 'or_' ? undefined : runs?.id?.any_);
  if (!flowRunIds) return undefined;
  const lists = await Promise.all([...new Set(flowRunIds)].map((id) => deps.taskRuns.ofFlowRun(id, mostTaskRuns + 1)));
  const all = lists.flat();
  if (all.length > mostTaskRuns) throw tooMany(mostTaskRuns);
  return all;
}

type Wanted = {
  readonly own: TaskRunFilter | null | undefined;
  readonly ofRuns: RunFilters;
  readonly around: Surroundings | undefined;
};

async function matchingOf(
  deps: ApiDeps,
  taskRuns: readonly TaskRun[],
  { own, ofRuns, around }: Wanted,
): Promise<readonly TaskRun[]> {
  const meant = taskRuns.filter(
    (taskRun) => !own || matchesTaskRun(own, { taskRun, hasSubflow: taskRun.childFlowRunIds !== undefined }),
  );
  if (!Object.values(ofRuns).some(isAsked)) return meant;
  const runIds = await matchingRunIds(deps, meant, { ofRuns, around });
  return meant.filter(({ flowRunId }) => flowRunId !== undefined && runIds.has(flowRunId));
}

/** A filter on flow runs, flows, deployments … asks for a flow run to exist, even when it says nothing more. */
async function matchingRunIds(
  deps: ApiDeps,
  taskRuns: readonly TaskRun[],
  { ofRuns, around }: Pick<Wanted, 'ofRuns' | 'around'>,
): Promise<ReadonlySet<string>> {
  const ids = new Set(taskRuns.flatMap(({ flowRunId }) => (flowRunId === undefined ? [] : [flowRunId])));
  const runs = await deps.runs.readMany([...ids]);
  const bodies = neededFacts(ofRuns).body ? await deps.runs.readBodies(runs) : new Map();
  const matches = runs.filter((run) => {
    const body = bodies.get(run.id);
    return matchesRun(ofRuns, { run, ...(body === undefined ? {} : { body }), ...(around && belongings(run, around)) });
  });
  return new Set(matches.map(({ id }) => id));
}

const week = 7 * 24 * 3_600_000;

/**
 * Bounds that the list itself can keep. Nothing starts before it is expected to, and nothing that waited for more than
 * a week is looked for by its start.
 */
function expectedStart(filter: TaskRunFilter | null | undefined): {
  readonly before?: number;
  readonly after?: number;
} {
  if (!filter || filter.operator === 'or_') return {};
  const { expected_start_time: expected, start_time: start } = filter;
  const before = expected?.before_ ?? start?.before_;
  const after = expected?.after_ ?? (isAsked(start?.after_) ? Math.max(0, Number(start?.after_) - week) : undefined);
  return {
    ...(before === undefined || before === null ? {} : { before: Math.floor(before) }),
    ...(after === undefined || after === null ? {} : { after: Math.floor(after) }),
  };
}
