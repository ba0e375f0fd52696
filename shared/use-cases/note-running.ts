// What a living task tells of its run: where it runs, and for exit-code attempts that it is RUNNING.
// Engine attempts say RUNNING themselves (rule 8).
import type { Attempt } from '../domain/run/attempt.ts';
import type { Run } from '../domain/run/run.ts';
import { enterState, mintState } from '../domain/run/transition.ts';
import { maximumRaces, withDeadline } from './change-run.ts';
import type { CloseDeps } from './close-attempt.ts';

/** Moves the head of the attempt's run if the attempt is its current, open one; otherwise changes nothing. */
export async function noteRunning(deps: CloseDeps, attempt: Attempt): Promise<void> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const run = await deps.runs.read(attempt.runId);
    if (run === undefined || run.attempt !== attempt.number || !run.isAttemptOpen) return;
    const after = withStart(deps, withPid(run, attempt), attempt);
    if (after === run) return;
    if ((await deps.runs.change(run, withDeadline(after, attempt))) === 'lost') continue;
    if (after.state.id !== run.state.id) deps.telemetry.stateChanged(run.id, after.state);
    // Cancelled while RunTask was under way: now there is a task to stop.
    if (run.state.type === 'CANCELLING' && run.infrastructurePid !== after.infrastructurePid) {
      await deps.hints.observe([{ kind: 'run', runId: run.id }]);
    }
    return;
  }
}

function withPid(run: Run, attempt: Attempt): Run {
  if (attempt.taskArn === undefined) return run;
  const infrastructurePid = `${attempt.cluster}::${attempt.taskArn}`;
  return run.infrastructurePid === infrastructurePid ? run : { ...run, infrastructurePid };
}

function withStart(deps: CloseDeps, run: Run, attempt: Attempt): Run {
  const startedAt = attempt.task?.startedAt;
  const hasStarted = startedAt !== undefined || attempt.task?.lastStatus === 'RUNNING';
  if (attempt.reports !== 'exit-code' || run.state.type !== 'PENDING' || !hasStarted) return run;
  const now = Math.min(startedAt ?? deps.world.now(), deps.world.now());
  return enterState(
    run,
    mintState(run, { type: 'RUNNING', name: 'Running', details: {} }, { id: deps.world.newId(), now }),
  );
}
