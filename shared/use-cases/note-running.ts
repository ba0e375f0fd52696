// What a living task tells of its run: where it runs, and for exit-code attempts that it is RUNNING.
// Engine attempts say RUNNING themselves (rule 8).
import type { Attempt } from '../domain/run/attempt.ts';
import { isRescheduled } from '../domain/run/attempt-step.ts';
import type { Run } from '../domain/run/run.ts';
import { enterState, mintState } from '../domain/run/transition.ts';
import { maximumRaces, withDeadline } from './change-run.ts';
import type { CloseDeps } from './close-attempt.ts';

/**
 * Moves the head of the attempt's run if the attempt is its current, open one; otherwise changes nothing.
 * Answers the head as it is then; `known` spares a first read.
 */
export async function noteRunning(deps: CloseDeps, attempt: Attempt, known: Run | undefined): Promise<Run | undefined> {
  let run = known;
  for (let race = 0; race < maximumRaces; race += 1) {
    if (run === undefined || run.attempt !== attempt.number || !run.isAttemptOpen) return run;
    const after = withStart(deps, withPid(run, attempt), attempt);
    if (after === run || isSoonWritten(run, after, attempt)) return run;
    const head = withDeadline(after, attempt);
    if ((await deps.runs.change(run, head)) === 'written') {
      await announce(deps, run, head);
      return { ...head, version: run.version + 1 };
    }
    run = await deps.runs.read(attempt.runId);
  }
  return run;
}

/**
 * Where a container runs can wait for the head's next change, which its own start brings within seconds: a write saved
 * for every run. An engine's start says nothing here, and a cancelled run must be stopped now.
 */
function isSoonWritten(run: Run, after: Run, attempt: Attempt): boolean {
  return attempt.reports === 'exit-code' && run.state.type === 'PENDING' && after.state.id === run.state.id;
}

async function announce(deps: CloseDeps, before: Run, after: Run): Promise<void> {
  if (after.state.id !== before.state.id) deps.telemetry.stateChanged(after.id, after.state);
  // Cancelled while RunTask was under way: now there is a task to stop.
  if (before.state.type === 'CANCELLING' && before.infrastructurePid !== after.infrastructurePid) {
    await deps.hints.observe([{ kind: 'run', runId: after.id }]);
  }
}

function withPid(run: Run, attempt: Attempt): Run {
  // A run that waits for another attempt is not where this one's task is.
  if (attempt.taskArn === undefined || isRescheduled(run)) return run;
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
