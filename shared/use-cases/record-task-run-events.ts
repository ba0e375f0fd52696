// Records task runs from what their engines report (`prefect.task-run.*`): the only way ordinary tasks are recorded.
// Events come hundreds at a time, twice and in any order: states are kept under their own ids, and a head moves only
// to a newer state, under its version.
import type { PrefectEvent } from '../domain/event/event.ts';
import { applyReport, isTaskRunReport, readTaskRunReport, type TaskRunReport } from '../domain/task-run/from-event.ts';
import { naturalKeyText, type TaskRun } from '../domain/task-run/task-run.ts';
import type { TaskRuns } from '../ports/task-runs.ts';
import type { World } from '../ports/world.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import { inParallel } from './in-parallel.ts';

export type RecordTaskRunDeps = {
  readonly taskRuns: Pick<TaskRuns, 'read' | 'readMany' | 'claimKey' | 'keepStates' | 'putRecorded' | 'changeRecorded'>;
  readonly world: Pick<World, 'now'>;
};

/** Writes of different task runs that are under way at once. */
const writesAtOnce = 24;

/** What a batch says of one task run, oldest first. */
type Told = { readonly id: string; readonly reports: readonly TaskRunReport[]; readonly known?: TaskRun };

/**
 * Passes over events that are about something else or that lack what a task run needs.
 *
 * @throws ContentionError, or what the store throws: then all of them may simply come again
 */
export async function recordTaskRunEvents(deps: RecordTaskRunDeps, events: readonly PrefectEvent[]): Promise<void> {
  const reports = events.filter(isTaskRunReport).flatMap((event) => readTaskRunReport(event) ?? []);
  if (reports.length === 0) return;
  const told = await identified(deps, reports);
  await deps.taskRuns.keepStates(
    told.flatMap(({ id, reports: own }) =>
      own.map(({ flowRunId, state }) => ({
        taskRunId: id,
        state,
        ...(flowRunId === undefined ? {} : { flowRunId }),
      })),
    ),
  );
  await inParallel(told, writesAtOnce, (one) => moveHead(deps, one));
}

/**
 * Which task run each report is about: the one of its id, or the one that has its natural key already. A head that
 * exists under the id has its key, so only new task runs have to claim theirs.
 */
async function identified({ taskRuns }: RecordTaskRunDeps, reports: readonly TaskRunReport[]): Promise<Told[]> {
  const groups = groupReports(reports);
  const ids = [...new Set(groups.flatMap((group) => group.map(({ taskRunId }) => taskRunId)))];
  const known = new Map((await taskRuns.readMany(ids)).map((taskRun) => [taskRun.id, taskRun]));
  const told: Told[] = [];
  await inParallel(groups, writesAtOnce, async (group) => {
    const inOrder = group.toSorted((one, other) => one.state.timestamp - other.state.timestamp);
    const [first] = inOrder;
    if (first === undefined) return;
    const there = inOrder.flatMap(({ taskRunId }) => known.get(taskRunId) ?? [])[0];
    const keyed = inOrder.find(({ flowRunId }) => flowRunId !== undefined);
    const id = there?.id ?? (keyed === undefined ? first.taskRunId : await taskRuns.claimKey(keyed, keyed.taskRunId));
    told.push({ id, reports: inOrder, ...(there === undefined ? {} : { known: there }) });
  });
  return told;
}

/** Reports with the same id or the same natural key are about the same task run. */
function groupReports(reports: readonly TaskRunReport[]): TaskRunReport[][] {
  const groups = new Map<string, { reports: TaskRunReport[] }>();
  for (const report of reports) {
    const met = [...new Set(namesOf(report).flatMap((name) => groups.get(name) ?? []))];
    const [group = { reports: [] }, ...others] = met;
    const added = [...others.flatMap((other) => other.reports), report];
    group.reports.push(...added);
    for (const name of added.flatMap(namesOf)) groups.set(name, group);
  }
  return [...new Set(groups.values())].map((group) => group.reports);
}

function namesOf(report: TaskRunReport): string[] {
  return report.flowRunId === undefined ? [report.taskRunId] : [report.taskRunId, naturalKeyText(report)];
}

async function moveHead({ taskRuns, world }: RecordTaskRunDeps, { id, reports, known }: Told): Promise<void> {
  for (let race = 0; race < maximumRaces; race += 1) {
    // None was there under the reports' own ids a moment ago; only a natural key leads to yet another one.
    const isNew = race === 0 && known === undefined && reports.some(({ taskRunId }) => taskRunId === id);
    const before = isNew ? undefined : race === 0 && known !== undefined ? known : await taskRuns.read(id);
    const now = world.now();
    const after = reports.reduce<TaskRun | undefined>((run, report) => applyReport(run, report, now), before);
    if (after === undefined || after === before) return;
    const named = { ...after, id };
    const write =
      before === undefined
        ? await taskRuns.putRecorded(named)
        : await taskRuns.changeRecorded({ before, after: named });
    if (write === 'written') return;
  }
  throw new ContentionError(`task run ${id}`);
}
