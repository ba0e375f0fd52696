// Does what an open attempt needs next, until it needs nothing before some later time: the one repair loop,
// walked by events, replies, the clock's visits and restarts alike. `submit` may launch, `observe` may not.
import type { Attempt, StopCause } from '../domain/run/attempt.ts';
import { type AttemptStep, nextAttemptStep, unwantedBecause } from '../domain/run/attempt-step.ts';
import { endingOf } from '../domain/run/closing.ts';
import type { Run } from '../domain/run/run.ts';
import type { State } from '../domain/run/state.ts';
import { timing } from '../domain/run/timing.ts';
import { enterState, mintState } from '../domain/run/transition.ts';
import type { SeenTask, Tasks } from '../ports/tasks.ts';
import { withDeadline } from './change-run.ts';
import { type CloseDeps, closeAttempt, type DecideClosing } from './close-attempt.ts';
import { type AttemptId, closeLost, foldObservation, type Known } from './fold-observation.ts';
import { hintRoom, isSlotFreed } from './hint-room.ts';
import { type StopDeps, sendStop, stopTimeOf } from './stop-task.ts';

export type VisitDeps = CloseDeps & StopDeps & { readonly tasks: Tasks };

/** What only `submit` can do; elsewhere it is passed on as a hint. */
export type LaunchSteps = {
  send(attempt: Attempt): Promise<'done' | 'later'>;
  giveUp(attempt: Attempt, reason: string): Promise<'done' | 'later'>;
  proveAbsence(attempt: Attempt): Promise<'done' | 'later'>;
};

const maximumSteps = 8;

export async function visitAttempt(
  deps: VisitDeps,
  id: AttemptId,
  { launch, known }: { readonly launch?: LaunchSteps; readonly known?: Known } = {},
): Promise<void> {
  for (let round = 0; round < maximumSteps; round += 1) {
    const [run, attempt] =
      round === 0 && known !== undefined
        ? [known.run, known.attempt]
        : await Promise.all([deps.runs.read(id.runId), deps.runs.readAttempt(id.runId, id.attempt)]);
    if (attempt === undefined) return;
    const step = nextAttemptStep({ run, attempt, now: deps.world.now() });
    if ((await doStep(deps, { run, attempt, step, launch })) === 'later') return;
  }
}

type Visit = {
  readonly run: Run | undefined;
  readonly attempt: Attempt;
  readonly step: AttemptStep;
  readonly launch: LaunchSteps | undefined;
};

async function doStep(deps: VisitDeps, { run, attempt, step, launch }: Visit): Promise<'done' | 'later'> {
  switch (step.kind) {
    case 'done':
      return 'later';
    case 'wait':
      if (attempt.dueAt === step.dueAt) return 'later';
      return (await deps.runs.changeAttempt(attempt, { ...attempt, dueAt: step.dueAt })) === 'lost' ? 'done' : 'later';
    case 'look':
      return askEcs(deps, attempt);
    case 'stop':
      return stopTask(deps, attempt, step.cause);
    case 'close':
      await closeAttempt(deps, { runId: attempt.runId, number: attempt.number }, closingOfStopped, { run, attempt });
      return 'later';
    case 'send':
    case 'give-up-launch':
    case 'prove-absence':
      return launchStep(deps, attempt, { step, launch });
  }
}

const closingOfStopped: DecideClosing = (run, attempt) => ({
  end: 'stopped',
  ending: run === undefined ? { kind: 'keep' } : endingOf(run, attempt),
});

type LaunchStep = Extract<AttemptStep, { kind: 'send' | 'give-up-launch' | 'prove-absence' }>;

async function launchStep(
  deps: VisitDeps,
  attempt: Attempt,
  { step, launch }: { step: LaunchStep; launch: LaunchSteps | undefined },
): Promise<'done' | 'later'> {
  if (launch === undefined) {
    await deps.hints.submit([{ kind: 'attempt', runId: attempt.runId, attempt: attempt.number }]);
    return 'later';
  }
  switch (step.kind) {
    case 'send':
      return launch.send(attempt);
    case 'prove-absence':
      return launch.proveAbsence(attempt);
    case 'give-up-launch':
      return launch.giveUp(attempt, step.reason);
  }
}

/** Asks ECS. A task it does not know counts as gone only when it is old and was missing twice (field.md 3.4). */
export async function askEcs(deps: VisitDeps, attempt: Attempt): Promise<'done' | 'later'> {
  const { taskArn } = attempt;
  if (taskArn === undefined) return 'later';
  const [seen] = (await deps.tasks.describe(attempt.cluster, [taskArn])).tasks;
  return seen === undefined ? lookedInVain(deps, attempt) : lookedAt(deps, attempt, seen);
}

async function lookedAt(deps: VisitDeps, attempt: Attempt, seen: SeenTask): Promise<'done' | 'later'> {
  const folded = await foldObservation(deps, { runId: attempt.runId, attempt: attempt.number }, seen);
  if (folded.kind === 'foreign' || folded.attempt.closed !== undefined) return 'later';
  if (folded.attempt.task?.lastStatus === 'STOPPED') return 'done';
  const now = deps.world.now();
  const { heldCrash } = folded.attempt;
  if (heldCrash !== undefined && heldCrash.timestamp + timing.heldCrash <= now) {
    return acceptCrash(deps, folded.attempt, heldCrash);
  }
  await deps.runs.changeAttempt(folded.attempt, { ...folded.attempt, dueAt: now + timing.startCheck });
  return 'later';
}

/** The engine gave up long ago and its container lives on: its word stands, and the task is stopped after it. */
async function acceptCrash(deps: VisitDeps, attempt: Attempt, crash: State): Promise<'done' | 'later'> {
  const run = await deps.runs.read(attempt.runId);
  if (run === undefined || unwantedBecause({ run, attempt }) !== undefined) return 'later';
  const { id, timestamp: _told, ...proposed } = crash;
  const head = withDeadline(enterState(run, mintState(run, proposed, { id, now: deps.world.now() })), attempt);
  if ((await deps.runs.change(run, head)) === 'lost') return 'done';
  deps.telemetry.stateChanged(run.id, head.state);
  if (isSlotFreed(run, head)) await hintRoom(deps);
  return 'done';
}

/** ECS was asked after the attempt was read, and does not know its task. */
export async function lookedInVain(deps: VisitDeps, attempt: Attempt): Promise<'done' | 'later'> {
  const now = deps.world.now();
  const missingSince = attempt.missingSince ?? now;
  // The claim may be minutes older than the send that made the task.
  const isOld = now - Math.max(attempt.openedAt, attempt.currentTry.lastSentAt ?? 0) > timing.absence;
  if (isOld && now - missingSince >= timing.startCheck) {
    await closeLost(deps, attempt, 'ECS no longer knows the task of this run, so nobody can tell how it ended.');
    return 'done';
  }
  await deps.runs.changeAttempt(attempt, { ...attempt, missingSince, dueAt: now + timing.startCheck });
  return 'later';
}

/** The cause is written before the call: whoever sees STOPPED first must know why. */
export async function stopTask(deps: VisitDeps, attempt: Attempt, cause: StopCause): Promise<'done' | 'later'> {
  const { taskArn } = attempt;
  if (taskArn === undefined) return 'later';
  const stopAt = await stopTimeOf(deps, attempt);
  const at = deps.world.now();
  if (stopAt > at) return stopLater(deps, attempt, stopAt);
  const sends = (attempt.stopRequested?.sends ?? 0) + 1;
  const { stopAt: _used, ...rest } = attempt;
  const after: Attempt = { ...rest, stopRequested: { at, cause, sends }, dueAt: at + timing.repeatStop };
  if ((await deps.runs.changeAttempt(attempt, after)) === 'lost') return 'done';
  deps.telemetry.stopRequested(attempt, cause);
  const answer = await sendStop(deps, { cluster: attempt.cluster, taskArn }, `slipway: ${cause}`);
  return answer === 'requested' ? 'later' : lookedInVain(deps, { ...after, version: attempt.version + 1 });
}

/** Its turn comes when those before it are through; the hint is for the second, the deadline for its loss. */
async function stopLater(deps: VisitDeps, attempt: Attempt, stopAt: number): Promise<'later'> {
  if (attempt.stopAt === stopAt && attempt.dueAt === stopAt) return 'later';
  await deps.runs.changeAttempt(attempt, { ...attempt, stopAt, dueAt: stopAt });
  const delaySeconds = Math.min(longestDelaySeconds, Math.ceil((stopAt - deps.world.now()) / 1000));
  await deps.hints.observe([{ kind: 'attempt', runId: attempt.runId, attempt: attempt.number }], { delaySeconds });
  return 'later';
}

/** SQS's own limit. */
const longestDelaySeconds = 900;
