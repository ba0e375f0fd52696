// The pump (rule 7): one at a time takes the lease, reserves launch time, claims the runs that go next and lets go;
// the RunTask calls follow outside the lease, under the reservation that was made for them.
// Safe when doubled, late or lost: claims are conditional, surplus waits in the index, the clock hints again.
import { laneName } from '../domain/run/lane.ts';
import { limitReached } from '../domain/run/rules-slots.ts';
import type { Lane, Run } from '../domain/run/run.ts';
import { timing } from '../domain/run/timing.ts';
import {
  type AdmissionState,
  emptyAdmission,
  grant,
  type LaunchRate,
  type Reservation,
  release,
  type Unused,
  type Wanted,
} from '../domain/submit/admission.ts';
import type { Fit, Fitting } from '../domain/submit/fit.ts';
import { type Candidate, orderCandidates } from '../domain/submit/order.ts';
import type { Admission } from '../ports/admission.ts';
import type { Lanes } from '../ports/runs.ts';
import type { TakeTurn } from '../ports/take-turn.ts';
import { cancelWaiting } from './cancel-waiting.ts';
import { type ChooseDeps, chooseRuns, createPassFacts, type PassFacts } from './choose-runs.ts';
import { type ClaimDeps, type Claimed, claimRun } from './claim-run.ts';
import { type LaneTypes, noteLaneType, typesOf } from './lane-types.ts';
import { type LaunchDeps, launchAttempt } from './launch-attempt.ts';
import { type LaunchTime, launchTimeOf } from './launch-time.ts';
import { type OpenPool, openLanes, openPushPools, waitingCandidates } from './waiting-candidates.ts';

export type SubmitDeps = ClaimDeps &
  LaunchDeps &
  ChooseDeps & {
    /** When the hint comes that this process has sent ahead for a rate, by the limit's id. @default none is known */
    readonly rateHints?: Map<string, number>;
    /** Makes the calls of this process share a pump, which would only find each other's lease. @default each has its own */
    readonly pumpTurns?: PumpTurns;
    readonly lanes: Lanes;
    readonly admission: Admission;
    readonly launchRate: LaunchRate;
    readonly laneTypes: LaneTypes;
  };

/** The lanes that have work stand in their pools' partitions once it is kept. */
type LanesTouched = Promise<unknown> | undefined;
/** RunTask calls under way. */
type Launches = readonly Promise<unknown>[];
export type PumpTurns = TakeTurn<LanesTouched, Launches>;

/** Claims and launches of one pass: bounded, so that all its RunTask calls fit into their reservation. */
const launchesPerPass = 40;
const passesPerCall = 20;
/** A hint waits whole seconds: enough for a burst of launches of any type. */
const spentWaitMs = 1_000;

/** A rate that runs wait for, and when it has room again, epoch ms. */
type AwaitedRate = { readonly limitId: string; readonly roomAt: number };

type Pass =
  /** Nobody waits, or somebody else has the lease and was told that there is more. */
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'claimed';
      readonly launches: Promise<unknown>;
      readonly isMore: boolean;
      readonly lane: Lane;
      readonly rates: readonly AwaitedRate[];
    }
  | { readonly kind: 'exhausted'; readonly waitMs: number; readonly lane: Lane };

/** Claims what waits and fits, and resolves when it is launched. */
export async function submitRuns(deps: SubmitDeps, lanesTouched?: LanesTouched): Promise<void> {
  // A rejection is reported where it is awaited, which may be after a turn of others.
  lanesTouched?.catch(() => undefined);
  const { pumpTurns: inTurn = (asked, act) => act([asked]) } = deps;
  await Promise.all(await inTurn(lanesTouched, (asked) => makePasses(deps, Promise.all(asked))));
}

/** Runs passes until nothing waits that fits, the launch time is spent or the budget of this call is. */
async function makePasses(deps: SubmitDeps, lanesTouched: LanesTouched): Promise<Launches> {
  const launches: Promise<unknown>[] = [];
  const call: Call = { tried: new Set(), spentLanes: new Set(), lanesTouched };
  let outcome = await onePass(deps, call);
  for (let pass = 1; outcome.kind === 'claimed'; pass += 1) {
    launches.push(outcome.launches);
    if (!outcome.isMore || pass === passesPerCall) break;
    outcome = await onePass(deps, call);
  }
  if (outcome.kind === 'exhausted') await comeBack(deps, outcome.lane, outcome.waitMs);
  if (outcome.kind === 'claimed' && outcome.isMore) await comeBack(deps, outcome.lane, 0);
  if (outcome.kind === 'claimed' && !outcome.isMore) await awaitRates(deps, outcome);
  return launches;
}

/** Surplus waits in the index; one hint, not one per run, brings the pump back when there is launch time again. */
async function comeBack(deps: SubmitDeps, lane: Lane, waitMs: number): Promise<void> {
  const delaySeconds = Math.min(60, Math.ceil(waitMs / 1000));
  const dueAt = deps.world.now() + delaySeconds * 1000;
  await deps.hints.submit([{ kind: 'work', lane, dueAt }], { delaySeconds });
}

/** Slots of a rate come free by themselves: nobody else would wake the pump for them. */
async function awaitRates(deps: SubmitDeps, { lane, rates }: Extract<Pass, { kind: 'claimed' }>): Promise<void> {
  const now = deps.world.now();
  const unknown = rates.filter(({ limitId }) => (deps.rateHints?.get(limitId) ?? 0) <= now);
  for (const { limitId, roomAt } of unknown) {
    deps.rateHints?.set(limitId, roomAt);
    await comeBack(deps, lane, Math.max(1, roomAt - now));
  }
}

/** One call of the pump. The pools are read once: a pause takes hold with the next call. */
type Call = {
  pools?: Promise<readonly OpenPool[]>;
  readonly lanesTouched: LanesTouched;
  /** What was tried stays in a lagging index for a while: a candidate is tried once a call. */
  readonly tried: Set<string>;
  /** Lanes that wait for launch time of their capacity: others go on meanwhile. */
  readonly spentLanes: Set<string>;
};

const keyOf = ({ runId, scheduledTime }: Candidate): string => `${runId}@${scheduledTime}`;

async function onePass(deps: SubmitDeps, call: Call): Promise<Pass> {
  const { tried } = call;
  call.pools ??= openPushPools(deps);
  const [stored, [pools, lanes]] = await Promise.all([deps.admission.read(), placesOf(deps, call.pools, call)]);
  const now = deps.world.now();
  // Who finds the lease held need not look into the lanes, since the holder will.
  if (stored !== undefined && stored.leaseUntil > now) return askForMore(deps, stored, call);
  // One more than a pass takes, to know whether the lane has more.
  const waiting = await waitingCandidates(deps, lanes, { until: now, limit: launchesPerPass + 1 + tried.size });
  const ordered = orderCandidates(waiting).filter((candidate) => !tried.has(keyOf(candidate)));
  const candidates = ordered.filter(({ lane }) => !call.spentLanes.has(laneName(lane)));
  const [first] = candidates;
  if (first === undefined) {
    const [spent] = ordered;
    return spent === undefined ? { kind: 'idle' } : { kind: 'exhausted', waitMs: spentWaitMs, lane: spent.lane };
  }
  const firstOnes = candidates.slice(0, launchesPerPass);
  const facts = createPassFacts(deps, pools);
  const [taken, runs] = await Promise.all([
    takeLease(deps, stored, { count: firstOnes.length, ...typesOf(deps.laneTypes, firstOnes) }),
    deps.runs.readMany(firstOnes.map(({ runId }) => runId)),
    // Read meanwhile: what the choice and the claims ask for under the lease.
    Promise.all(firstOnes.map(({ lane }) => facts.readAhead(lane))),
  ]);
  if (taken.kind !== 'granted') return taken.kind === 'idle' ? taken : { ...taken, lane: first.lane };
  return claimUnder(deps, taken, { call, facts, candidates, runs, lane: first.lane });
}

/** The open pools, and their lanes once those that have work stand in them. */
async function placesOf(deps: SubmitDeps, open: Promise<readonly OpenPool[]>, { lanesTouched }: Call) {
  const [pools] = await Promise.all([open, lanesTouched]);
  return [pools, await openLanes(deps, pools)] as const;
}

type Scene = {
  readonly call: Call;
  readonly facts: PassFacts;
  readonly candidates: readonly Candidate[];
  /** The heads of the first ones. */
  readonly runs: readonly Run[];
  readonly lane: Lane;
};

/** Slots, then the claims, then RunTask (rule 7). */
async function claimUnder(deps: SubmitDeps, { held, reservation }: Granted, scene: Scene): Promise<Pass> {
  const { call, facts, candidates, lane } = scene;
  const choice = await chooseRuns(deps, facts, { candidates, limit: launchesPerPass });
  const chosen = choice.fit.slice(0, reservation.count);
  const judged = [
    ...chosen.map((fit) => fit.candidate),
    ...choice.surplus,
    ...choice.skipped.map(({ candidate }) => candidate),
  ];
  for (const candidate of judged) call.tried.add(keyOf(candidate));
  const heads = await headsOf(deps, scene.runs, judged);
  const time = launchTimeOf(reservation);
  const [{ claimed, lost, late }] = await Promise.all([
    claimAll(deps, facts, { fits: chosen, heads, reservation, time }),
    cancelWaiting(deps, headsIn(heads, choice.surplus), limitReached),
    ...choice.skipped.map(({ candidate, reason }) => cancelWaiting(deps, headsIn(heads, [candidate]), reason)),
  ]);
  // Whether they fit is another question now: the next pass asks it.
  for (const candidate of [...lost, ...late]) call.tried.delete(keyOf(candidate));
  for (const { lane: spent } of late) call.spentLanes.add(laneName(spent));
  // On its way before the first RunTask, which need not wait for it: nobody else waits for a lease that is gone.
  const lettingGo = letGo(deps, held, time.unused());
  const launches = Promise.all(claimed.map((claim) => launchAttempt(deps, claim, reservation)));
  // A rejection is reported where the launches are awaited; until then it must not count as unhandled.
  launches.catch(() => undefined);
  const isAsked = await lettingGo;
  // Slots that were kept for a run which was not claimed after all are there for the next one.
  const takers = chosen.filter(({ takings }) => takings.length > 0).length;
  const isLeft =
    choice.rest + choice.skipped.length > 0 ||
    choice.fit.length > chosen.length ||
    (takers > 0 && claimed.length < chosen.length);
  const isMore = isAsked || isLeft || late.length > 0;
  return { kind: 'claimed', launches, isMore, lane, rates: ratesOf(choice) };
}

function ratesOf({ awaited }: Fitting): readonly AwaitedRate[] {
  return awaited.flatMap(({ limitId, roomAt }) => (roomAt === undefined ? [] : [{ limitId, roomAt }]));
}

const headsIn = (heads: ReadonlyMap<string, Run>, candidates: readonly Candidate[]): readonly Run[] =>
  candidates.flatMap(({ runId }) => heads.get(runId) ?? []);

/** Full lanes may have brought others forward, whose heads were not among the first. */
async function headsOf(
  deps: SubmitDeps,
  known: readonly Run[],
  wanted: readonly Candidate[],
): Promise<ReadonlyMap<string, Run>> {
  const there = new Set(known.map(({ id }) => id));
  const missing = wanted.map(({ runId }) => runId).filter((id) => !there.has(id));
  const others = missing.length === 0 ? [] : await deps.runs.readMany(missing);
  return new Map([...known, ...others].map((run) => [run.id, run]));
}

/** Somebody holds the lease: he is told to go round again. If he has just let go, this pump takes its turn. */
async function askForMore(deps: SubmitDeps, stored: AdmissionState, call: Call): Promise<Pass> {
  const write = stored.more ? 'written' : await deps.admission.write(stored, { ...stored, more: true });
  if (write === 'lost') return onePass(deps, call);
  deps.telemetry.pumpHeld();
  return { kind: 'idle' };
}

type Taken =
  | { readonly kind: 'idle' }
  | { readonly kind: 'exhausted'; readonly waitMs: number }
  /** `held` is the item as this pump wrote it. */
  | Granted;

type Granted = { readonly kind: 'granted'; readonly reservation: Reservation; readonly held: AdmissionState };

async function takeLease(
  deps: SubmitDeps,
  seen: AdmissionState | undefined,
  wanted: Omit<Wanted, 'now'>,
): Promise<Taken> {
  for (let stored = seen; ; stored = await deps.admission.read()) {
    const now = deps.world.now();
    const answer = grant(stored ?? emptyAdmission(deps.launchRate, now), deps.launchRate, { ...wanted, now });
    switch (answer.kind) {
      case 'frozen':
        await remindOfMatch(deps, stored);
        return { kind: 'idle' };
      case 'exhausted':
        return answer;
      case 'held':
        if (stored?.more === true || (await deps.admission.write(stored, answer.after)) === 'written') {
          deps.telemetry.pumpHeld();
          return { kind: 'idle' };
        }
        break;
      case 'granted':
        if ((await deps.admission.write(stored, answer.after)) === 'written') {
          return { ...answer, held: { ...answer.after, version: answer.after.version + 1 } };
        }
        break;
    }
  }
}

/** Somebody asked a while ago to thaw a restored table: the hint to match it with ECS may be lost. */
async function remindOfMatch(deps: SubmitDeps, stored: AdmissionState | undefined): Promise<void> {
  const askedAt = stored?.restored?.thawAskedAt;
  if (askedAt !== undefined && deps.world.now() - askedAt > timing.laneCheck)
    await deps.hints.submit([{ kind: 'match' }]);
}

/** Gives back the lease and the launch time that no claim used. Whether somebody hinted while the lease was held. */
async function letGo(deps: SubmitDeps, held: AdmissionState, unused: Unused): Promise<boolean> {
  for (let stored: AdmissionState | undefined = held; ; stored = await deps.admission.read()) {
    const released = stored === undefined ? undefined : release(stored, held.epoch, unused);
    if (released === undefined) return true;
    if ((await deps.admission.write(stored, released.after)) === 'written') return released.hasMore;
  }
}

type Claims = {
  readonly fits: readonly Fit[];
  readonly heads: ReadonlyMap<string, Run>;
  readonly reservation: Reservation;
  readonly time: LaunchTime;
};

type ClaimedAll = {
  readonly claimed: readonly Claimed[];
  readonly lost: readonly Candidate[];
  /** There was no launch time for their capacity. */
  readonly late: readonly Candidate[];
};

async function claimAll(
  deps: SubmitDeps,
  facts: PassFacts,
  { fits, heads, reservation, time }: Claims,
): Promise<ClaimedAll> {
  // Those that take slots first, so that one transaction holds all of them: a gate is written once a pass.
  const inOrder = fits.toSorted((one, other) => Number(other.takings.length > 0) - Number(one.takings.length > 0));
  const claims = await Promise.all(
    inOrder.map(async (fit) => {
      const run = heads.get(fit.candidate.runId);
      if (run === undefined) return { fit };
      const answer = await claimRun(deps, facts, { run, reservation, time, fit });
      if (answer !== undefined && answer !== 'lost') noteLaneType(deps.laneTypes, run, answer);
      return { fit, answer };
    }),
  );
  return {
    claimed: claims.flatMap(({ answer }) => (isClaimed(answer) ? [answer] : [])),
    lost: claims.flatMap(({ fit, answer }) => (answer === 'lost' ? [fit.candidate] : [])),
    late: claims.flatMap(({ fit, answer }) =>
      answer !== undefined && answer !== 'lost' && !isClaimed(answer) ? [fit.candidate] : [],
    ),
  };
}

function isClaimed(answer: Awaited<ReturnType<typeof claimRun>>): answer is Claimed {
  return typeof answer === 'object' && answer.kind === 'claimed';
}
