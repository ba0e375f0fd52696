// Gives a task back to its run after the table was set back to a time before the task's attempt (rule 14): the attempt
// is opened once more, with the number and the task that it had, so nothing is started twice and no number repeats.
// Safe when doubled or late: an attempt that is there is not opened again.
import { deploymentTerms } from '../domain/limit/deployment-slot.ts';
import { placeLimits } from '../domain/limit/place-slots.ts';
import type { Attempt } from '../domain/run/attempt.ts';
import { endingWithoutTask } from '../domain/run/closing.ts';
import type { DeploymentSlot, Run } from '../domain/run/run.ts';
import type { ProposedState } from '../domain/run/state.ts';
import { enterState, mayFollow, mintState } from '../domain/run/transition.ts';
import { gateIdsOf, type LaneLimits, type SlotsOfClaim, slotsOfLiving } from '../domain/submit/fit.ts';
import { ownerOf, type TaskOwner } from '../domain/task/started-by.ts';
import type { SeenTask } from '../ports/tasks.ts';
import type { LimitDeps } from './acquire-slots.ts';
import { ContentionError, maximumRaces, withDeadline } from './change-run.ts';
import { type ClaimDeps, createFacts, newAttempt, slotMove, slotOfRun } from './claim-run.ts';
import { closeAttempt } from './close-attempt.ts';
import { foldObservation } from './fold-observation.ts';
import { type JobFacts, renderJob } from './render-job.ts';
import { type VisitDeps, visitAttempt } from './visit-attempt.ts';

export type AdoptDeps = ClaimDeps & VisitDeps & LimitDeps;

/** `known`: the task belongs to an attempt of its run. `unwanted`: nobody may have it, and it was asked to stop. */
export type Adoption = 'known' | 'adopted' | 'unwanted';

/** @returns undefined for a task that is none of ours */
export async function adoptTask(deps: AdoptDeps, seen: SeenTask): Promise<Adoption | undefined> {
  const owner = ownerOf(seen.startedBy);
  if (owner === undefined || owner.stack !== deps.stack) return undefined;
  const opened = await openAgain(deps, owner, seen);
  const id = { runId: owner.runId, attempt: owner.attempt };
  const folded = await foldObservation(deps, id, seen);
  if (folded.kind === 'known') {
    await visitAttempt(deps, id);
    return opened ? 'adopted' : 'known';
  }
  if (seen.task.lastStatus !== 'STOPPED') {
    deps.telemetry.foreignTask(seen.taskArn);
    await deps.tasks.stop(seen.cluster, seen.taskArn, 'slipway: no open attempt has this task');
  }
  return 'unwanted';
}

/** Whether the attempt was opened here. */
async function openAgain(deps: AdoptDeps, { runId, attempt: number }: TaskOwner, seen: SeenTask): Promise<boolean> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const run = await deps.runs.read(runId);
    if (run === undefined) {
      await deps.runs.bury(runId, number);
      return false;
    }
    if (run.attempt >= number) return false;
    if (await hasOpenAttempt(deps, run)) {
      await closeFormer(deps, run, number);
      continue;
    }
    const outcome = await openOnce(deps, run, { number, seen });
    if (outcome !== 'lost') return outcome === 'opened';
  }
  throw new ContentionError(`run ${runId}`);
}

/** Of a run created again it may be the attempt of its former life, whose head is gone. */
async function hasOpenAttempt({ runs }: AdoptDeps, run: Run): Promise<boolean> {
  if (run.isAttemptOpen || run.attempt === 0) return run.isAttemptOpen;
  const newest = await runs.readAttempt(run.id, run.attempt);
  return newest !== undefined && newest.closed === undefined;
}

/** A later attempt is opened only once the former one is over, so that one has no task any more. */
async function closeFormer(deps: AdoptDeps, run: Run, number: number): Promise<void> {
  const reason = `the table was restored, and attempt ${number} was found`;
  await closeAttempt(deps, { runId: run.id, number: run.attempt }, (head) => ({
    end: 'lost',
    reason,
    ending: endingWithoutTask(head, reason, () => ({ kind: 'restart', reason, delayMs: 0 })),
  }));
}

async function openOnce(
  deps: AdoptDeps,
  run: Run,
  { number, seen }: { readonly number: number; readonly seen: SeenTask },
): Promise<'opened' | 'counted' | 'lost'> {
  const numbered: Run = { ...run, attempt: number - 1 };
  const facts = createFacts(deps);
  const [job, slots] = await Promise.all([
    renderJob(deps, facts, numbered),
    seen.task.lastStatus === 'STOPPED' ? noSlots : livingSlots(deps, facts, run),
  ]);
  const head = job.kind === 'job' ? pendingAgain(deps, numbered, slotOfRun(slots)) : undefined;
  if (job.kind !== 'job' || head === undefined) {
    return (await deps.runs.change(run, { ...run, attempt: number })) === 'lost' ? 'lost' : 'counted';
  }
  const at = seen.task.createdAt ?? deps.world.now();
  const opened = newAttempt(numbered, { job, former: undefined, slots, now: at });
  const attempt: Attempt = { ...opened, cluster: seen.cluster };
  const after = withDeadline({ ...head, attempt: number, isAttemptOpen: true }, attempt);
  if ((await deps.runs.openAttempt(run, after, { attempt, ...slotMove(slots) })) === 'lost') return 'lost';
  deps.telemetry.taskAdopted(attempt, seen.taskArn);
  return 'opened';
}

const noSlots: SlotsOfClaim = { placeGateIds: [], takings: [] };

/** What a claim would have taken, though the limits may be exceeded for as long as the task lives. */
async function livingSlots(deps: AdoptDeps, facts: JobFacts, run: Run): Promise<SlotsOfClaim> {
  const { catalogue, limits, world } = deps;
  const { deploymentId, workPoolName, workQueueId } = run;
  const [deployment, workPool, workQueue] = await Promise.all([
    deploymentId === undefined ? undefined : facts.deployment(deploymentId),
    workPoolName === undefined ? undefined : facts.workPool(workPoolName),
    workQueueId === undefined ? undefined : catalogue.workQueues.read(workQueueId),
  ]);
  const limit =
    deployment?.concurrencyLimitId === undefined ? undefined : await limits.read(deployment.concurrencyLimitId);
  const ofRun: LaneLimits = {
    place: placeLimits({ ...(workPool && { workPool }), ...(workQueue && { workQueue }) }),
    ...(limit?.active === true ? { deployment: deploymentTerms(limit, deployment?.concurrencyOptions) } : {}),
  };
  const gateIds = gateIdsOf(ofRun);
  if (gateIds.length === 0) return noSlots;
  const gates = new Map((await limits.gates(gateIds)).map((gate) => [gate.id, gate]));
  return slotsOfLiving({ limits: ofRun, gates }, { runId: run.id, leaseId: world.newId(), now: world.now() });
}

/** The head once it is Pending again by the way that the table of states allows; undefined where there is none. */
function pendingAgain({ world }: AdoptDeps, run: Run, slot: DeploymentSlot | undefined): Run | undefined {
  const enter = (head: Run, proposed: ProposedState): Run =>
    enterState(head, mintState(head, proposed, { id: world.newId(), now: world.now() }));
  const message = 'The table was restored: the task that this run has is its own again.';
  const details = slot === undefined ? {} : { leaseId: slot.leaseId };
  const pending: ProposedState = { type: 'PENDING', name: 'Pending', message, details };
  const holding = (head: Run): Run => (slot === undefined ? head : { ...head, slot });
  if (mayFollow(run.state.type, 'PENDING')) return holding(enter(run, pending));
  if (!mayFollow(run.state.type, 'SCHEDULED')) return undefined;
  const scheduledTime = world.now();
  const awaiting: ProposedState = { type: 'SCHEDULED', name: 'AwaitingRetry', message, details: { scheduledTime } };
  return holding(enter(enter(run, awaiting), pending));
}
