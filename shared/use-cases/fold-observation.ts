// Folds what ECS says of a task (event, reply, description) into its attempt, and closes attempts that it forgot.
// Safe in any order and number: only a newer `version` of the same task changes anything.
import type { Attempt, TaskObservation } from '../domain/run/attempt.ts';
import { endingWithoutTask } from '../domain/run/closing.ts';
import type { Run } from '../domain/run/run.ts';
import { timing } from '../domain/run/timing.ts';
import type { SeenTask } from '../ports/tasks.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import { type CloseDeps, closeAttempt } from './close-attempt.ts';
import { noteRunning } from './note-running.ts';

export type FoldDeps = CloseDeps;

export type AttemptId = { readonly runId: string; readonly attempt: number };

/** An attempt and its run as somebody has just read or written them; a stale one loses its race and is read again. */
export type Known = { readonly run: Run | undefined; readonly attempt: Attempt };

/** What became of an observation: `foreign` when the attempt may not have this task. */
export type Folded = ({ readonly kind: 'known' } & Known) | { readonly kind: 'foreign' };

/** Writes ARN and observation on the attempt and moves its run as far as the observation allows. */
export async function foldObservation(
  deps: FoldDeps,
  { runId, attempt: number }: AttemptId,
  { known, ...seen }: Pick<SeenTask, 'taskArn' | 'task'> & { readonly known?: Known },
): Promise<Folded> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const [run, attempt] =
      race === 0 && known !== undefined
        ? [known.run, known.attempt]
        : await Promise.all([deps.runs.read(runId), deps.runs.readAttempt(runId, number)]);
    if (attempt === undefined || !mayHave(attempt, seen.taskArn)) return { kind: 'foreign' };
    const after = attempt.closed === undefined ? merged(attempt, seen, deps.world.now()) : undefined;
    if (after !== undefined && (await deps.runs.changeAttempt(attempt, after)) === 'lost') continue;
    const current = after === undefined ? attempt : { ...after, version: attempt.version + 1 };
    return { kind: 'known', run: await noteRunning(deps, current, run), attempt: current };
  }
  throw new ContentionError(`attempt ${number} of run ${runId}`);
}

function mayHave(attempt: Attempt, taskArn: string): boolean {
  // What was given up as lost and lives after all is in nobody's name any more.
  if (attempt.closed?.end === 'lost') return false;
  return attempt.taskArn === undefined ? attempt.closed === undefined : attempt.taskArn === taskArn;
}

/** The attempt with the newer observation, or undefined when it has nothing new. Whoever was missing is there again. */
function merged(attempt: Attempt, seen: Pick<SeenTask, 'taskArn' | 'task'>, now: number): Attempt | undefined {
  const { missingSince, ...present } = attempt;
  const isNewer = attempt.task === undefined || seen.task.version > attempt.task.version;
  if (!isNewer) return missingSince === undefined ? undefined : present;
  const task: TaskObservation = { ...attempt.task, ...seen.task };
  const { taskKnownAt = now } = attempt;
  return { ...present, taskArn: seen.taskArn, taskKnownAt, task, dueAt: dueAfter(attempt, task, now) };
}

function dueAfter(attempt: Attempt, task: TaskObservation, now: number): number {
  if (task.lastStatus === 'STOPPED') return now;
  if (attempt.stopRequested !== undefined) return attempt.stopRequested.at + timing.repeatStop;
  if (attempt.heldCrash !== undefined) return attempt.heldCrash.timestamp + timing.heldCrash;
  return task.lastStatus === 'RUNNING'
    ? (task.startedAt ?? now) + attempt.maximumDurationSeconds * 1000
    : now + timing.startCheck;
}

/**
 * ECS knows the task no more: its exit code is lost, so the run cannot be called done or failed.
 * Whatever was learnt of the attempt since then leaves it open, to be decided on anew.
 */
export async function closeLost(deps: FoldDeps, attempt: Attempt, reason: string): Promise<void> {
  const state = { type: 'CRASHED', name: 'Crashed', message: reason, details: {} } as const;
  await closeAttempt(deps, { runId: attempt.runId, number: attempt.number }, (run, current) => {
    if (current.version !== attempt.version) return undefined;
    return { end: 'lost', reason, ending: endingWithoutTask(run, reason, () => ({ kind: 'end', state })) };
  });
}
