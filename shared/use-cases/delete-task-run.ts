// Deletes task runs: one by its id, or all of a flow run that is being deleted.
import type { TaskRuns } from '../ports/task-runs.ts';
import { ContentionError, maximumRaces } from './change-run.ts';

type DeleteDeps = { readonly taskRuns: Pick<TaskRuns, 'read' | 'remove'> };

/** @returns false when there is no such task run */
export async function deleteTaskRun({ taskRuns }: DeleteDeps, id: string): Promise<boolean> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const taskRun = await taskRuns.read(id);
    if (taskRun === undefined) return race > 0;
    if ((await taskRuns.remove(taskRun)) === 'written') return true;
  }
  throw new ContentionError(`task run ${id}`);
}

const taskRunsAtOnce = 1_000;
/** As many as a call has time for; a flow run with more is deleted by calling again. */
const mostTaskRuns = 30_000;

/** Safe to repeat, and to be ended half-way and begun again. */
export async function deleteTaskRunsOf(
  { taskRuns }: { readonly taskRuns: Pick<TaskRuns, 'ofFlowRun' | 'removeAll'> },
  flowRunId: string,
): Promise<void> {
  const done = new Set<string>();
  while (done.size < mostTaskRuns) {
    // The index lags: an id that was deleted already may still be listed.
    const ids = await taskRuns.ofFlowRun(flowRunId, taskRunsAtOnce + done.size);
    const left = ids.filter((id) => !done.has(id));
    if (left.length === 0) return;
    await taskRuns.removeAll(left);
    for (const id of left) done.add(id);
  }
  throw new ContentionError(`flow run ${flowRunId} with more than ${mostTaskRuns} task runs`);
}
