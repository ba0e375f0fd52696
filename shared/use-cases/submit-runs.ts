// The pump (rule 7): one at a time takes the lease, reserves launch time, claims the runs that go next and lets go;
// the RunTask calls follow outside the lease, under the reservation that was made for them.
// Safe when doubled, late or lost: claims are conditional, surplus waits in the index, the clock hints again.
import type { Lane, Run } from '../domain/run/run.ts';
import {
  type AdmissionState,
  emptyAdmission,
  grant,
  type LaunchRate,
  type Reservation,
  release,
} from '../domain/submit/admission.ts';
import { type Candidate, orderCandidates } from '../domain/submit/order.ts';
import type { Admission } from '../ports/admission.ts';
import type { Lanes } from '../ports/runs.ts';
import { type ClaimDeps, type Claimed, claimRun, createFacts } from './claim-run.ts';
import { type LaunchDeps, launchAttempt } from './launch-attempt.ts';
import { type OpenPool, openPushPools, waitingCandidates } from './waiting-candidates.ts';

export type SubmitDeps = ClaimDeps &
  LaunchDeps & {
    readonly lanes: Lanes;
    readonly admission: Admission;
    readonly launchRate: LaunchRate;
  };

/** Claims and launches of one pass: bounded, so that all its RunTask calls fit into their reservation. */
const launchesPerPass = 40;
const passesPerCall = 20;

type Pass =
  /** Nobody waits, or somebody else has the lease and was told that there is more. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'claimed'; readonly launches: Promise<unknown>; readonly isMore: boolean; readonly lane: Lane }
  | { readonly kind: 'exhausted'; readonly waitMs: number; readonly lane: Lane };

/** Runs passes until nothing waits, the launch time is spent or the budget of this call is. */
/** `lanesTouched`: the lanes that have work stand in their pools' partitions once it is kept. */
export async function submitRuns(deps: SubmitDeps, lanesTouched?: Promise<unknown>): Promise<void> {
  const launches: Promise<unknown>[] = [];
  const call: Call = { tried: new Set(), lanesTouched };
  let outcome = await onePass(deps, call);
  for (let pass = 1; outcome.kind === 'claimed'; pass += 1) {
    launches.push(outcome.launches);
    if (!outcome.isMore || pass === passesPerCall) break;
    outcome = await onePass(deps, call);
  }
  if (outcome.kind === 'exhausted') await comeBack(deps, outcome.lane, outcome.waitMs);
  if (outcome.kind === 'claimed' && outcome.isMore) await comeBack(deps, outcome.lane, 0);
  await Promise.all(launches);
}

/** Surplus waits in the index; one hint, not one per run, brings the pump back when there is launch time again. */
async function comeBack(deps: SubmitDeps, lane: Lane, waitMs: number): Promise<void> {
  const delaySeconds = Math.min(60, Math.ceil(waitMs / 1000));
  const dueAt = deps.world.now() + delaySeconds * 1000;
  await deps.hints.submit([{ kind: 'work', lane, dueAt }], { delaySeconds });
}

/** One call of the pump. The pools are read once: a pause takes hold with the next call. */
type Call = {
  pools?: Promise<readonly OpenPool[]>;
  readonly lanesTouched: Promise<unknown> | undefined;
  /** What was tried stays in a lagging index for a while: a candidate is tried once a call. */
  readonly tried: Set<string>;
};

const keyOf = ({ runId, scheduledTime }: Candidate): string => `${runId}@${scheduledTime}`;

async function onePass(deps: SubmitDeps, call: Call): Promise<Pass> {
  const { tried } = call;
  call.pools ??= openPushPools(deps);
  const [stored, pools] = await Promise.all([deps.admission.read(), call.pools, call.lanesTouched]);
  const now = deps.world.now();
  // Who finds the lease held need not look for work, since the holder will.
  if (stored !== undefined && stored.leaseUntil > now) return askForMore(deps, stored, call);
  // One more than a pass takes, to know whether the lane has more.
  const waiting = await waitingCandidates(deps, pools, { until: now, limit: launchesPerPass + 1 + tried.size });
  const candidates = orderCandidates(waiting).filter((candidate) => !tried.has(keyOf(candidate)));
  const [first] = candidates;
  if (first === undefined) return { kind: 'idle' };
  const firstOnes = candidates.slice(0, launchesPerPass);
  const [taken, runs] = await Promise.all([
    takeLease(deps, stored, firstOnes.length),
    deps.runs.readMany(firstOnes.map(({ runId }) => runId)),
  ]);
  switch (taken.kind) {
    case 'idle':
      return taken;
    case 'exhausted':
      return { ...taken, lane: first.lane };
    case 'granted': {
      const chosen = candidates.slice(0, taken.reservation.count);
      for (const candidate of chosen) tried.add(keyOf(candidate));
      const wanted = new Set(chosen.map(({ runId }) => runId));
      const claimed = await claimAll(
        deps,
        runs.filter(({ id }) => wanted.has(id)),
        taken.reservation,
      );
      // On its way before the first RunTask, which need not wait for it: nobody else waits for a lease that is gone.
      const lettingGo = letGo(deps, taken.held, taken.reservation.count - claimed.length);
      const launches = Promise.all(claimed.map((claim) => launchAttempt(deps, claim, taken.reservation)));
      // A rejection is reported where the launches are awaited; until then it must not count as unhandled.
      launches.catch(() => undefined);
      const hasMore = await lettingGo;
      return { kind: 'claimed', launches, isMore: hasMore || candidates.length > chosen.length, lane: first.lane };
    }
  }
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
  | { readonly kind: 'granted'; readonly reservation: Reservation; readonly held: AdmissionState };

async function takeLease(deps: SubmitDeps, seen: AdmissionState | undefined, count: number): Promise<Taken> {
  for (let stored = seen; ; stored = await deps.admission.read()) {
    const now = deps.world.now();
    const answer = grant(stored ?? emptyAdmission(deps.launchRate, now), deps.launchRate, { count, now });
    switch (answer.kind) {
      case 'frozen':
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

/** Gives back the lease and the launch time that no claim used. Whether somebody hinted while the lease was held. */
async function letGo(deps: SubmitDeps, held: AdmissionState, unused: number): Promise<boolean> {
  for (let stored: AdmissionState | undefined = held; ; stored = await deps.admission.read()) {
    const released = stored === undefined ? undefined : release(stored, held.epoch, unused);
    if (released === undefined) return true;
    if ((await deps.admission.write(stored, released.after)) === 'written') return released.hasMore;
  }
}

async function claimAll(deps: SubmitDeps, runs: readonly Run[], reservation: Reservation): Promise<Claimed[]> {
  const facts = createFacts(deps);
  const claims = await Promise.all(runs.map((run) => claimRun(deps, facts, { run, reservation })));
  return claims.filter((claim) => claim !== undefined);
}
