// A claim opens an attempt: the exact request is rendered first and stored in the transaction that makes the run PENDING.
// Decided on the run itself, never on an index; whoever loses the race leaves the run alone.
import type { Attempt } from '../domain/run/attempt.ts';
import { repeatDelay } from '../domain/run/attempt-step.ts';
import { standardPolicy } from '../domain/run/infrastructure-rules.ts';
import { isWaiting, startsAt } from '../domain/run/lane.ts';
import { planOfAttempt } from '../domain/run/plan-of-attempt.ts';
import type { DeploymentSlot, Run } from '../domain/run/run.ts';
import { defaultMaximumDurationSeconds } from '../domain/run/timing.ts';
import { enterState, mintState } from '../domain/run/transition.ts';
import type { Reservation } from '../domain/submit/admission.ts';
import { type Fit, type SlotsOfClaim, slotsOfClaim } from '../domain/submit/fit.ts';
import { type CapacityType, capacityTypeOf, startDeadlineSeconds } from '../domain/task/capacity.ts';
import { planRequest, sizesIn } from '../domain/task/launch-plan.ts';
import { clientTokenOf } from '../domain/task/started-by.ts';
import type { Families } from '../ports/families.ts';
import type { Logs } from '../ports/logs.ts';
import type { Runs } from '../ports/runs.ts';
import type { SlotMove } from '../ports/slot-move.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { withDeadline } from './change-run.ts';
import type { LaunchTime } from './launch-time.ts';
import { type Job, type JobDeps, type JobFacts, renderJob } from './render-job.ts';

export type ClaimDeps = JobDeps & {
  readonly world: World;
  readonly runs: Runs;
  readonly families: Families;
  readonly logs: Logs;
  readonly telemetry: Telemetry;
};

export type Claimed = { readonly kind: 'claimed'; readonly run: Run; readonly attempt: Attempt };

/** What many runs of one pass have in common is read once. */
export function remembered<T>(read: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const there = known.get(key) ?? read(key);
    known.set(key, there);
    return there;
  };
}

export function createFacts({ catalogue }: Pick<ClaimDeps, 'catalogue'>): JobFacts {
  return {
    flow: remembered((id) => catalogue.flows.read(id)),
    deployment: remembered((id) => catalogue.deployments.read(id)),
    workPool: remembered((name) => catalogue.workPools.read(name)),
  };
}

/** There is none left for the capacity on which the run's task would run. */
export type NoLaunchTime = { readonly kind: 'no-launch-time'; readonly type: CapacityType };

export type Claim = {
  readonly run: Run;
  readonly reservation: Reservation;
  readonly time: LaunchTime;
  readonly fit: Fit;
};

/**
 * Claims one run, or leaves it (undefined): claimed by another, no longer waiting, or ended because its job cannot be
 * rendered. `lost`: somebody else took slots that it was to take, so whether it fits has to be asked anew.
 */
export async function claimRun(
  deps: ClaimDeps,
  facts: JobFacts,
  { run, reservation, time, fit }: Claim,
): Promise<Claimed | NoLaunchTime | 'lost' | undefined> {
  if (!run.launched || !isWaiting(run) || startsAt(run) > deps.world.now()) return undefined;
  const former = await formerAttempt(deps, run);
  // A run created again under a deleted one's id waits until the task of its former life is known STOPPED (rule 4).
  if (former !== undefined && former.closed === undefined) return undefined;
  const job = await renderJob(deps, facts, run);
  if (job.kind === 'unrenderable') {
    await endUnrenderable(deps, run, job.problem);
    return undefined;
  }
  if (job.definition !== undefined) await deps.families.remember(job.family, job.definition);
  if (deps.world.now() >= reservation.expiresAt) return undefined;
  const now = deps.world.now();
  const slots = slotsOfClaim(fit, { leaseId: deps.world.newId(), now });
  const attempt = newAttempt(run, { job, former, slots, now });
  const type = capacityTypeOf(attempt.request);
  if (!time.take(type)) return { kind: 'no-launch-time', type };
  const after = pendingHead(deps, run, { attempt, slots });
  if ((await deps.runs.openAttempt(run, after, { attempt, ...slotMove(slots) })) === 'lost') {
    time.giveBack(type);
    await countOn(deps, run);
    return slots.takings.length === 0 ? undefined : 'lost';
  }
  deps.telemetry.runClaimed(attempt);
  await warn(deps, run, job.warnings);
  return { kind: 'claimed', run: { ...after, version: run.version + 1 }, attempt };
}

/** What the transaction that opens an attempt does for its slots. */
export function slotMove({ takings, lease }: SlotsOfClaim): { readonly slots?: SlotMove } {
  if (takings.length === 0) return {};
  return { slots: { take: takings, give: [], ...(lease === undefined ? {} : { lease }) } };
}

/** The slot of its deployment, as it stands on the run. */
export function slotOfRun({ lease }: SlotsOfClaim): DeploymentSlot | undefined {
  const [limit] = lease?.limits ?? [];
  return lease === undefined || limit === undefined ? undefined : { limitId: limit.id, leaseId: lease.id };
}

/** Slots of pool and queue follow the task, so they stand on the attempt; that of the deployment follows the state. */
function pendingHead(deps: ClaimDeps, run: Run, opened: { attempt: Attempt; slots: SlotsOfClaim }): Run {
  const { attempt, slots } = opened;
  const slot = slotOfRun(slots);
  const proposed = {
    type: 'PENDING',
    name: 'Pending',
    details: { scheduledTime: startsAt(run), ...(slot === undefined ? {} : { leaseId: slot.leaseId }) },
  } as const;
  const state = mintState(run, proposed, { id: deps.world.newId(), now: attempt.openedAt });
  const holding = slot === undefined ? run : { ...run, slot };
  return withDeadline({ ...enterState(holding, state), attempt: attempt.number, isAttemptOpen: true }, attempt);
}

/**
 * Attempts that nobody let expire, since a deletion ended half-way, outlive its tombstone. Their numbers do not come
 * again (rule 4): the next claim goes on from them. Where somebody else claimed the run this write loses, as it should.
 */
async function countOn({ runs }: ClaimDeps, run: Run): Promise<void> {
  const last = (await runs.readAttempts(run.id)).at(-1)?.number ?? 0;
  if (last > run.attempt) await runs.change(run, { ...run, attempt: last, formerLife: last });
}

async function formerAttempt(deps: ClaimDeps, run: Run): Promise<Attempt | undefined> {
  return run.attempt === 0 ? undefined : deps.runs.readAttempt(run.id, run.attempt);
}

type Basis = {
  readonly job: Extract<Job, { kind: 'job' }>;
  readonly former: Attempt | undefined;
  readonly slots: SlotsOfClaim;
  readonly now: number;
};

/** The first send is written with the claim: a crash right after it counts as a send whose reply was lost. */
export function newAttempt(run: Run, { job, former, slots: { placeGateIds }, now }: Basis): Attempt {
  const number = run.attempt + 1;
  const { settings, options, container } = job;
  const plan = options === undefined ? undefined : planOfAttempt(options, former);
  const request =
    options === undefined || plan === undefined ? job.request : planRequest(job.request, options, { plan, container });
  return {
    runId: run.id,
    number,
    version: 1,
    openedAt: now,
    reports: job.reports,
    workPoolName: run.workPoolName ?? '',
    workQueueId: run.workQueueId ?? '',
    cluster: job.cluster,
    family: job.family,
    container,
    request,
    ...(job.definition === undefined ? {} : { definedSize: sizesIn(job.definition) }),
    ...(options === undefined || plan === undefined ? {} : { options, plan }),
    currentTry: {
      number: 1,
      clientToken: clientTokenOf(run.id, number, 1),
      firstSentAt: now,
      lastSentAt: now,
      sends: 1,
    },
    startDeadlineSeconds: settings.startDeadlineSeconds ?? startDeadlineSeconds[capacityTypeOf(request)],
    maximumDurationSeconds: settings.maximumDurationSeconds ?? defaultMaximumDurationSeconds,
    infrastructure: {
      retries: settings.infrastructureRetries ?? standardPolicy.retries,
      rules: settings.infrastructureRules,
    },
    dueAt: now + repeatDelay(1),
    ...(placeGateIds.length === 0 ? {} : { placeGateIds }),
  };
}

/** What the template asks for and is not done stands in the run's own log. */
async function warn(deps: ClaimDeps, run: Run, warnings: readonly string[]): Promise<void> {
  if (warnings.length === 0) return;
  const now = deps.world.now();
  const line = { created: now, timestamp: now, name: 'slipway', level: 30, flowRunId: run.id };
  await deps.logs.append(warnings.map((message) => ({ ...line, id: deps.world.newId(), message })));
}

async function endUnrenderable(deps: ClaimDeps, run: Run, problem: string): Promise<void> {
  deps.telemetry.jobNotRenderable(run.id, problem);
  const state = mintState(
    run,
    { type: 'CRASHED', name: 'Crashed', message: `The run could not be submitted: ${problem}`, details: {} },
    { id: deps.world.newId(), now: deps.world.now() },
  );
  await deps.runs.change(run, withDeadline(enterState(run, state), undefined));
}
