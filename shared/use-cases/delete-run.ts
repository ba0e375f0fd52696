// Deletes a run. Its open attempt stays until its task is known STOPPED, and the task is stopped (rule 2).
import type { Run } from '../domain/run/run.ts';
import type { Runs, Write } from '../ports/runs.ts';
import { ContentionError, type HintDeps, maximumRaces } from './change-run.ts';

type DeleteDeps = HintDeps & { readonly runs: Runs };

/** @returns false when there is no such run */
export async function deleteRun(deps: DeleteDeps, runId: string): Promise<boolean> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const run = await deps.runs.read(runId);
    if (run === undefined) return race > 0;
    if ((await removeWithDeadline(deps, run)) === 'lost') continue;
    if (run.isAttemptOpen) await deps.hints.observe([{ kind: 'attempt', runId, attempt: run.attempt }]);
    return true;
  }
  throw new ContentionError(`run ${runId}`);
}

/** The hint that follows may be lost: the attempt is due from now on. */
async function removeWithDeadline({ runs, world }: DeleteDeps, run: Run): Promise<Write> {
  const attempt = run.isAttemptOpen ? await runs.readAttempt(run.id, run.attempt) : undefined;
  if (attempt === undefined) return runs.remove(run);
  return runs.remove(run, { before: attempt, after: { ...attempt, dueAt: world.now() } });
}
