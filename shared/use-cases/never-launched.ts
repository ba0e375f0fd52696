// Closes an attempt for which no task can exist: nothing was sent, the answer was a definite no, or it is proven.
import type { Attempt } from '../domain/run/attempt.ts';
import { type Ending, endingWithoutTask } from '../domain/run/closing.ts';
import type { Run } from '../domain/run/run.ts';
import { type CloseDeps, closeAttempt } from './close-attempt.ts';

/** `otherwise` decides for a run that still waits for this attempt. */
export async function neverLaunched(deps: CloseDeps, attempt: Attempt, otherwise: (run: Run) => Ending): Promise<void> {
  await closeAttempt(deps, { runId: attempt.runId, number: attempt.number }, (run, current) => {
    // An event came after all: a negative reply never closes an attempt for which a task was seen.
    if (current.taskArn !== undefined) return undefined;
    return { end: 'never-launched', ending: endingWithoutTask(run, 'No task was started.', otherwise) };
  });
}
