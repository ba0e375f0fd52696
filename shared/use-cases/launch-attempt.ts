// Sends an attempt's RunTask request and records what came of it, at most one task per attempt:
// a lost reply leaves the attempt as it is (the same try is repeated later), only a definite negative opens a new try.
import type { Attempt } from '../domain/run/attempt.ts';
import { type Ending, endingWithoutTask } from '../domain/run/closing.ts';
import type { Run } from '../domain/run/run.ts';
import { timing } from '../domain/run/timing.ts';
import { emptyAdmission, type LaunchRate, type Reservation, throttled } from '../domain/submit/admission.ts';
import { classifyRefusal, refusalMessage } from '../domain/task/refusal.ts';
import { clientTokenOf } from '../domain/task/started-by.ts';
import type { Admission } from '../ports/admission.ts';
import type { Families } from '../ports/families.ts';
import type { LaunchOutcome, Refusal, Tasks } from '../ports/tasks.ts';
import { type CloseDeps, closeAttempt } from './close-attempt.ts';
import { foldObservation } from './fold-observation.ts';

export type LaunchDeps = CloseDeps & {
  readonly tasks: Tasks;
  readonly families: Families;
  /** Registrations under way in this process, by family (single flight). */
  readonly registering: Map<string, Promise<Refusal | undefined>>;
  readonly admission: Admission;
  readonly launchRate: LaunchRate;
};

/** Sends the current try of an attempt whose send is already written on it. */
export async function launchAttempt(
  deps: LaunchDeps,
  { run, attempt }: { readonly run?: Run; readonly attempt: Attempt },
  reservation: Reservation,
): Promise<void> {
  const unregistered = await ensureRegistered(deps, attempt.family);
  if (unregistered !== undefined) return refused(deps, attempt, unregistered);
  // Nothing is sent under an expired reservation: the attempt's own deadline repeats the try.
  if (deps.world.now() >= reservation.expiresAt) return;
  const outcome = await deps.tasks.run(attempt.request, attempt.currentTry.clientToken);
  await recordOutcome(deps, { run, attempt }, outcome);
}

async function recordOutcome(
  deps: LaunchDeps,
  { run, attempt }: { readonly run: Run | undefined; readonly attempt: Attempt },
  outcome: LaunchOutcome,
): Promise<void> {
  switch (outcome.kind) {
    case 'launched':
      deps.telemetry.taskLaunched(attempt, outcome.taskArn);
      await foldObservation(
        deps,
        { runId: attempt.runId, attempt: attempt.number },
        run === undefined ? outcome : { ...outcome, known: { run, attempt } },
      );
      return;
    case 'unknown':
      deps.telemetry.launchUnknown(attempt, outcome.reason);
      return;
    case 'refused':
      return refused(deps, attempt, outcome);
  }
}

/** Registers a family of ours once: whoever needs it meanwhile waits for the same answer. */
async function ensureRegistered(deps: LaunchDeps, family: string): Promise<Refusal | undefined> {
  const underWay = deps.registering.get(family);
  if (underWay !== undefined) return underWay;
  const registration = register(deps, family).finally(() => deps.registering.delete(family));
  deps.registering.set(family, registration);
  return registration;
}

async function register(deps: LaunchDeps, family: string): Promise<Refusal | undefined> {
  const known = await deps.families.read(family);
  if (known === undefined || known.arn !== undefined) return undefined;
  const answer = await deps.tasks.register(known.definition);
  // A family without an ARN was never sent with: whatever ECS says of it, there is no task.
  if (answer.kind !== 'registered') return { ...answer, isAnswer: true };
  await deps.families.markRegistered(family, answer.arn);
  return undefined;
}

async function refused(deps: LaunchDeps, attempt: Attempt, refusal: Refusal): Promise<void> {
  const kind = refusal.kind === 'unknown' ? 'capacity' : classifyRefusal(refusal);
  deps.telemetry.launchRefused(attempt, { code: refusal.code, reason: refusal.reason, class: kind });
  if (kind === 'throttled') await halveRate(deps);
  if (kind === 'inactive-definition') await registerAgain(deps, attempt.family);
  // A former send of this token may have started a task, of which an error says nothing: the same try is repeated.
  if (attempt.currentTry.sends > 1 && refusal.isAnswer !== true) return;
  if (kind !== 'permanent') return newTry(deps, attempt);
  const state = { type: 'CRASHED', name: 'Crashed', message: refusalMessage(refusal), details: {} } as const;
  await neverLaunched(deps, attempt, () => ({ kind: 'end', state }));
}

async function registerAgain(deps: LaunchDeps, family: string): Promise<void> {
  const known = await deps.families.read(family);
  const again = known === undefined ? undefined : await deps.tasks.register(known.definition);
  if (again?.kind === 'registered') await deps.families.markRegistered(family, again.arn);
}

/** Closes an attempt for which no task can exist: nothing was sent, the answer was a definite no, or it is proven. */
export async function neverLaunched(deps: CloseDeps, attempt: Attempt, otherwise: (run: Run) => Ending): Promise<void> {
  await closeAttempt(deps, { runId: attempt.runId, number: attempt.number }, (run, current) => {
    // An event came after all: a negative reply never closes an attempt for which a task was seen.
    if (current.taskArn !== undefined) return undefined;
    return { end: 'never-launched', ending: endingWithoutTask(run, 'No task was started.', otherwise) };
  });
}

/** A new try has a new token, since the old one replays its refusal; it is sent once its wait is over. */
async function newTry(deps: LaunchDeps, attempt: Attempt): Promise<void> {
  const current = await deps.runs.readAttempt(attempt.runId, attempt.number);
  const isSameTry = current?.currentTry.number === attempt.currentTry.number;
  if (current === undefined || !isSameTry || current.taskArn !== undefined || current.closed !== undefined) return;
  const number = current.currentTry.number + 1;
  const longest = Math.min(timing.retryLaunch * 2 ** Math.min(number - 2, 10), timing.retryLaunchMax);
  const waitMs = Math.ceil(longest * (0.5 + jitterOf(deps, attempt, number) / 2));
  const dueAt = deps.world.now() + waitMs;
  const clientToken = clientTokenOf(attempt.runId, attempt.number, number);
  const after: Attempt = { ...current, currentTry: { number, clientToken, sends: 0 }, dueAt };
  if ((await deps.runs.changeAttempt(current, after)) === 'lost') return;
  await deps.hints.submit([{ kind: 'attempt', runId: attempt.runId, attempt: attempt.number }], {
    delaySeconds: Math.ceil(waitMs / 1000),
  });
}

/** Between 0 and 1, from a hash: spreads the retries of many runs without a random number. */
function jitterOf(deps: LaunchDeps, attempt: Attempt, tryNumber: number): number {
  const hash = deps.world.sha256(`${attempt.runId}/${attempt.number}/${tryNumber}`);
  return Number.parseInt(hash.slice(0, 8), 16) / 0xffff_ffff;
}

async function halveRate(deps: LaunchDeps): Promise<void> {
  for (let race = 0; race < 3; race += 1) {
    const stored = await deps.admission.read();
    const now = deps.world.now();
    const after = throttled(stored ?? emptyAdmission(deps.launchRate, now), now);
    if (after === stored || (await deps.admission.write(stored, after)) === 'written') return;
  }
}
