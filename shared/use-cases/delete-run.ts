// Deletes a run. Its open attempt stays until its task is known STOPPED, and the task is stopped (rule 2).
import type { Runs } from '../ports/runs.ts';
import { ContentionError, type HintDeps, maximumRaces } from './change-run.ts';

/** @returns false when there is no such run */
export async function deleteRun(deps: HintDeps & { readonly runs: Runs }, runId: string): Promise<boolean> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const run = await deps.runs.read(runId);
    if (run === undefined) return race > 0;
    if ((await deps.runs.remove(run)) === 'lost') continue;
    if (run.isAttemptOpen) await deps.hints.observe([{ kind: 'attempt', runId, attempt: run.attempt }]);
    return true;
  }
  throw new ContentionError(`run ${runId}`);
}
