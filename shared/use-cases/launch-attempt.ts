// Sends an attempt's RunTask request and records what came of it, at most one task per attempt:
// a lost reply leaves the attempt as it is (the same try is repeated later), only a definite negative opens a new try.
import type { Attempt } from '../domain/run/attempt.ts';
import type { Run } from '../domain/run/run.ts';
import type { Reservation } from '../domain/submit/admission.ts';
import type { LaunchOutcome, Refusal, Tasks } from '../ports/tasks.ts';
import { foldObservation } from './fold-observation.ts';
import { type RefusedDeps, takeRefusal } from './refused-launch.ts';

export type LaunchDeps = RefusedDeps & {
  readonly tasks: Tasks;
  /** Registrations under way in this process, by family (single flight). */
  readonly registering: Map<string, Promise<Refusal | undefined>>;
};

/** Sends the current try of an attempt whose send is already written on it. */
export async function launchAttempt(
  deps: LaunchDeps,
  { run, attempt }: { readonly run?: Run; readonly attempt: Attempt },
  reservation: Reservation,
): Promise<void> {
  const unregistered = await ensureRegistered(deps, attempt.family);
  if (unregistered !== undefined) return takeRefusal(deps, attempt, unregistered);
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
      return takeRefusal(deps, attempt, outcome);
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
