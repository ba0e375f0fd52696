// What a refused launch brings: another try after a wait, a registration, or the run's end (rule 4).
// Only a definite no opens a new try, which may ask for something else, since it has a token of its own.
import type { Attempt, PastTry } from '../domain/run/attempt.ts';
import { startDeadlineOf } from '../domain/run/attempt-step.ts';
import { timing } from '../domain/run/timing.ts';
import { emptyAdmission, type LaunchRate, throttled } from '../domain/submit/admission.ts';
import { askedBy } from '../domain/task/capacity.ts';
import { nextPlan, planRequest, plansOf } from '../domain/task/launch-plan.ts';
import { classifyRefusal, type RefusalClass, refusalMessage } from '../domain/task/refusal.ts';
import { clientTokenOf } from '../domain/task/started-by.ts';
import type { Admission } from '../ports/admission.ts';
import type { Families } from '../ports/families.ts';
import type { Refusal, Tasks } from '../ports/tasks.ts';
import type { CloseDeps } from './close-attempt.ts';
import { neverLaunched } from './never-launched.ts';

export type RefusedDeps = CloseDeps & {
  readonly tasks: Pick<Tasks, 'register'>;
  readonly families: Families;
  readonly admission: Admission;
  readonly launchRate: LaunchRate;
};

/** Tries that an attempt remembers; of the ones before them only the number is left. */
const rememberedTries = 20;
const rememberedCharacters = 300;

/** What RunTask or RegisterTaskDefinition refused. `unknown` comes from a registration, which nobody has to repeat. */
export async function takeRefusal(deps: RefusedDeps, attempt: Attempt, refusal: Refusal): Promise<void> {
  const kind = await classOf(deps, attempt, refusal);
  deps.telemetry.launchRefused(attempt, { code: refusal.code, reason: refusal.reason, class: kind });
  if (kind === 'throttled') await halveRate(deps);
  // A task has the token: whatever the answer says, its event or a listing leads to it.
  if (kind === 'taken') return;
  // A former send of this token may have started a task, of which an error says nothing: the same try is repeated.
  if (attempt.currentTry.sends > 1 && refusal.isAnswer !== true) return;
  if (kind !== 'permanent') return newTry(deps, attempt, { refusal, kind });
  const state = { type: 'CRASHED', name: 'Crashed', message: refusalMessage(refusal), details: {} } as const;
  await neverLaunched(deps, attempt, () => ({ kind: 'end', state }));
}

/** A definition of the user's own that is gone stays gone; one of ours is registered again. */
async function classOf(deps: RefusedDeps, attempt: Attempt, refusal: Refusal): Promise<RefusalClass> {
  if (refusal.kind === 'unknown') return 'passing';
  const kind = classifyRefusal(refusal);
  if (kind !== 'inactive-definition') return kind;
  return (await registerAgain(deps, attempt.family)) ? kind : 'permanent';
}

/** False where the family is none of ours. */
async function registerAgain(deps: RefusedDeps, family: string): Promise<boolean> {
  const known = await deps.families.read(family);
  if (known === undefined) return false;
  const again = await deps.tasks.register(known.definition);
  if (again.kind === 'registered') await deps.families.markRegistered(family, again.arn);
  return true;
}

type Refused = { readonly refusal: Refusal; readonly kind: RefusalClass };

/** A new try has a new token, since the old one replays its refusal; it is sent once its wait is over. */
async function newTry(deps: RefusedDeps, attempt: Attempt, refused: Refused): Promise<void> {
  const current = await deps.runs.readAttempt(attempt.runId, attempt.number);
  const isSameTry = current?.currentTry.number === attempt.currentTry.number;
  if (current === undefined || !isSameTry || current.taskArn !== undefined || current.closed !== undefined) return;
  const now = deps.world.now();
  const number = current.currentTry.number + 1;
  const waitMs = waitBefore(deps, current, number);
  // The deadline is met, not overslept.
  const dueAt = Math.min(now + waitMs, Math.max(now, startDeadlineOf(current)));
  const after: Attempt = {
    ...current,
    ...moved(current, refused.kind),
    currentTry: { number, clientToken: clientTokenOf(attempt.runId, attempt.number, number), sends: 0 },
    pastTries: [...(current.pastTries ?? []), pastTry(current, { ...refused, now })].slice(-rememberedTries),
    dueAt,
  };
  if ((await deps.runs.changeAttempt(current, after)) === 'lost') return;
  await deps.hints.submit([{ kind: 'attempt', runId: attempt.runId, attempt: attempt.number }], {
    delaySeconds: Math.ceil((dueAt - now) / 1000),
  });
}

/** Without room the next try goes another way; what was too fast or passes by itself is asked for again. */
function moved(attempt: Attempt, kind: RefusalClass): Partial<Pick<Attempt, 'plan' | 'request'>> {
  const { options, plan: before, container, request } = attempt;
  if (options === undefined || before === undefined) return {};
  const plan = nextPlan(options, before, kind === 'capacity' || kind === 'placement' ? 'no-room' : 'other');
  return { plan, request: planRequest(request, options, { plan, container }) };
}

function pastTry(
  { currentTry, request, definedSize }: Attempt,
  { refusal, kind, now }: Refused & { now: number },
): PastTry {
  const { number, firstSentAt, sends } = currentTry;
  return {
    number,
    asked: askedBy(request, definedSize),
    ...(firstSentAt === undefined ? {} : { sentAt: firstSentAt }),
    sends,
    endedAt: now,
    class: kind,
    code: refusal.code.slice(0, rememberedCharacters),
    reason: refusal.reason.slice(0, rememberedCharacters),
  };
}

/**
 * Milliseconds: full jitter, anything up to a limit that doubles once every way was tried.
 * aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter
 */
function waitBefore(deps: RefusedDeps, attempt: Attempt, number: number): number {
  const ways = attempt.options === undefined ? 1 : plansOf(attempt.options).length;
  const round = Math.floor((number - 2) / ways);
  const longest = Math.min(timing.retryLaunch * 2 ** Math.min(round, 10), timing.retryLaunchMax);
  return Math.ceil(longest * jitterOf(deps, attempt, number));
}

/** Between 0 and 1, from a hash: spreads the retries of many runs without a random number. */
function jitterOf(deps: RefusedDeps, attempt: Attempt, tryNumber: number): number {
  const hash = deps.world.sha256(`${attempt.runId}/${attempt.number}/${tryNumber}`);
  return Number.parseInt(hash.slice(0, 8), 16) / 0xffff_ffff;
}

async function halveRate(deps: RefusedDeps): Promise<void> {
  for (let race = 0; race < 3; race += 1) {
    const stored = await deps.admission.read();
    const now = deps.world.now();
    const after = throttled(stored ?? emptyAdmission(deps.launchRate, now), now);
    if (after === stored || (await deps.admission.write(stored, after)) === 'written') return;
  }
}
