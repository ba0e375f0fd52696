// Launches whose first send did not settle them: the same try is repeated while its token lives, a new try is sent
// when its wait is over, and a token that may be dead is resolved by listings alone (rule 4).
import type { Attempt } from '../domain/run/attempt.ts';
import { repeatDelay } from '../domain/run/attempt-step.ts';
import { restartOrCrash } from '../domain/run/closing.ts';
import { timing } from '../domain/run/timing.ts';
import { emptyAdmission, grantRepeat, type Reservation } from '../domain/submit/admission.ts';
import { capacityTypeOf } from '../domain/task/capacity.ts';
import { startedBy } from '../domain/task/started-by.ts';
import type { SeenTask } from '../ports/tasks.ts';
import { closeLost, foldObservation } from './fold-observation.ts';
import { type LaunchDeps, launchAttempt } from './launch-attempt.ts';
import { neverLaunched } from './never-launched.ts';
import type { LaunchSteps } from './visit-attempt.ts';

export type RepeatDeps = LaunchDeps & { readonly stack: string };

export function launchSteps(deps: RepeatDeps): LaunchSteps {
  return {
    send: (attempt) => send(deps, attempt),
    giveUp: (attempt, reason) => giveUp(deps, attempt, reason),
    proveAbsence: (attempt) => proveAbsence(deps, attempt),
  };
}

/** The send is written before it is made, so that nobody forgets that it may have taken effect. */
async function send(deps: RepeatDeps, attempt: Attempt): Promise<'done' | 'later'> {
  const reservation = await reserveRepeat(deps, attempt);
  if (reservation === undefined) return 'later';
  const now = deps.world.now();
  const { currentTry } = attempt;
  const sends = currentTry.sends + 1;
  const after: Attempt = {
    ...attempt,
    currentTry: { ...currentTry, sends, firstSentAt: currentTry.firstSentAt ?? now, lastSentAt: now },
    dueAt: now + repeatDelay(sends),
  };
  if ((await deps.runs.changeAttempt(attempt, after)) === 'lost') return 'done';
  await launchAttempt(deps, { attempt: { ...after, version: attempt.version + 1 } }, reservation);
  // The answer may be of a task that runs for long and that nobody wants any more.
  return 'done';
}

async function reserveRepeat(deps: RepeatDeps, attempt: Attempt): Promise<Reservation | undefined> {
  const type = capacityTypeOf(attempt.request);
  for (;;) {
    const stored = await deps.admission.read();
    const now = deps.world.now();
    const answer = grantRepeat(stored ?? emptyAdmission(deps.launchRate, now), deps.launchRate, { now, type });
    if (answer.kind === 'granted') {
      if ((await deps.admission.write(stored, answer.after)) === 'written') return answer.reservation;
      continue;
    }
    // While frozen the attempt's deadline keeps asking; otherwise it comes back when there is launch time.
    if (answer.kind === 'exhausted') {
      const delaySeconds = Math.min(60, Math.ceil(answer.waitMs / 1000));
      await deps.hints.submit([{ kind: 'attempt', runId: attempt.runId, attempt: attempt.number }], { delaySeconds });
    }
    return undefined;
  }
}

/** Nothing was sent under the current try and nothing will be: the run is no longer wanted, or its start deadline came. */
async function giveUp(deps: RepeatDeps, attempt: Attempt, reason: string): Promise<'done' | 'later'> {
  // What a restored table says was never sent may have been sent since then: first it is matched with ECS.
  const admission = await deps.admission.read();
  if (admission?.restored !== undefined) return comeBackAt(deps, attempt, deps.world.now() + timing.startCheck);
  const late = `no task could be started within ${attempt.startDeadlineSeconds} s`;
  await neverLaunched(deps, attempt, (run) =>
    restartOrCrash(run, attempt, reason === 'start-deadline' ? late : reason),
  );
  return 'done';
}

async function proveAbsence(deps: RepeatDeps, attempt: Attempt): Promise<'done' | 'later'> {
  const now = deps.world.now();
  const absences = attempt.absences ?? {};
  const firstSentAt = attempt.currentTry.firstSentAt ?? attempt.openedAt;
  const quietUntil = (attempt.currentTry.lastSentAt ?? firstSentAt) + timing.absence;
  if (now < quietUntil) return comeBackAt(deps, attempt, quietUntil);
  const found =
    (await find(deps, attempt, deps.tasks.listRunning(attempt.cluster, attempt.family))) ??
    (await find(deps, attempt, deps.tasks.listStopped(attempt.cluster, attempt.family)));
  if (found !== undefined) {
    await foldObservation(deps, { runId: attempt.runId, attempt: attempt.number }, found);
    return 'done';
  }
  const isProofOfStopped = now <= firstSentAt + timing.stoppedProof;
  const seen = { ...absences, ...(isProofOfStopped ? { stoppedAt: now } : {}) };
  if (seen.firstRunningAt === undefined) {
    return comeBackAt(deps, { ...attempt, absences: { ...seen, firstRunningAt: now } }, now + timing.absence);
  }
  if (now < seen.firstRunningAt + timing.absence)
    return comeBackAt(deps, attempt, seen.firstRunningAt + timing.absence);
  await conclude(deps, attempt, seen.stoppedAt !== undefined);
  return 'done';
}

async function comeBackAt(deps: RepeatDeps, attempt: Attempt, dueAt: number): Promise<'later'> {
  await deps.runs.changeAttempt(attempt, { ...attempt, dueAt });
  return 'later';
}

async function conclude(deps: RepeatDeps, attempt: Attempt, isProven: boolean): Promise<void> {
  if (!isProven) {
    const reason = 'The reply to RunTask was lost and ECS can no longer tell whether a task was started.';
    return closeLost(deps, attempt, reason);
  }
  const reason = 'the reply to RunTask was lost and no task was ever started';
  await neverLaunched(deps, attempt, (run) => restartOrCrash(run, attempt, reason));
}

/** The task of this attempt among those that a listing shows. */
async function find(deps: RepeatDeps, attempt: Attempt, arns: AsyncIterable<string>): Promise<SeenTask | undefined> {
  const owner = startedBy({ stack: deps.stack, runId: attempt.runId, attempt: attempt.number });
  const all: string[] = [];
  for await (const arn of arns) all.push(arn);
  const { tasks } = await deps.tasks.describe(attempt.cluster, all);
  return tasks.find((task) => task.startedBy === owner);
}
