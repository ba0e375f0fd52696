// Deletes a run. Its open attempt stays until its task is known STOPPED, and the task is stopped (rule 2).
import type { Run } from '../domain/run/run.ts';
import type { Logs } from '../ports/logs.ts';
import type { Runs, Write } from '../ports/runs.ts';
import type { TaskRuns } from '../ports/task-runs.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import { deleteTaskRunsOf } from './delete-task-run.ts';
import { type FreedDeps, hintFreedSlot } from './hint-room.ts';

/** A log that is longer than this many removals goes with its time. */
const mostLogParts = 20;

type DeleteDeps = FreedDeps & {
  readonly runs: Runs;
  /** Absent where the caller cannot reach the log; its lines stay then. */
  readonly logs?: Pick<Logs, 'remove'>;
  readonly taskRuns: Pick<TaskRuns, 'ofFlowRun' | 'removeAll'>;
};

/** @returns false when there is no such run */
export async function deleteRun(deps: DeleteDeps, runId: string): Promise<boolean> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const run = await deps.runs.read(runId);
    if (run === undefined) return race > 0;
    // Log and task runs go first: should this end half-way, the run is there to be deleted again.
    if (race === 0) await Promise.all([removeLog(deps, runId), deleteTaskRunsOf(deps, runId)]);
    if ((await removeWithDeadline(deps, run)) === 'lost') continue;
    await hintFreedSlot(deps, run, undefined);
    if (run.isAttemptOpen) await deps.hints.observe([{ kind: 'attempt', runId, attempt: run.attempt }]);
    return true;
  }
  throw new ContentionError(`run ${runId}`);
}

async function removeLog({ logs }: DeleteDeps, runId: string): Promise<void> {
  if (logs === undefined) return;
  for (let part = 0; part < mostLogParts; part += 1) if ((await logs.remove(runId)).isDone) return;
}

/** The hint that follows may be lost: the attempt is due from now on. */
async function removeWithDeadline({ runs, world }: DeleteDeps, run: Run): Promise<Write> {
  const attempt = run.isAttemptOpen ? await runs.readAttempt(run.id, run.attempt) : undefined;
  if (attempt === undefined) return runs.remove(run);
  return runs.remove(run, { before: attempt, after: { ...attempt, isRunDeleted: true, dueAt: world.now() } });
}
