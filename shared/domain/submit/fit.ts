// Which of the waiting runs fit under their limits, in their order. Each lane is judged by its own gates, so a full one
// holds up nobody but itself.
import { type DeploymentTerms, leaseOf } from '../limit/deployment-slot.ts';
import type { Gate, Lease, Limit } from '../limit/limit.ts';
import { limitedPlaces, type PlaceLimit, runHolder } from '../limit/place-slots.ts';
import {
  type ExpiredHolder,
  gateAfter,
  type Limited,
  type Plan,
  planTaking,
  rateRoomAt,
  type Taking,
  takeAnyway,
} from '../limit/room.ts';
import type { Lane } from '../run/run.ts';
import type { CatchUpRule } from '../schedule/catch-up.ts';
import type { Candidate } from './order.ts';

/** The limits that the runs of a lane keep to; an inactive one is none. */
export type LaneLimits = {
  readonly place: readonly PlaceLimit[];
  readonly deployment?: DeploymentTerms;
  /** A run that is over its time by more is not started any more. */
  readonly skipAfterMs?: number;
  /** What becomes of runs of schedules that are overdue; absent: they all start. */
  readonly catchUp?: CatchUpRule;
};

/** A run that may go, with what its claim takes. Without a limit there is nothing to take. */
export type Fit = { readonly candidate: Candidate; readonly limits: LaneLimits; readonly takings: readonly Taking[] };

export type Skipped = { readonly candidate: Candidate; readonly reason: string };

export type Fitting = {
  readonly fit: readonly Fit[];
  /** Due, and their deployment is full and wants no collision (CANCEL_NEW). */
  readonly surplus: readonly Candidate[];
  /** Not to be started any more, each with the reason. */
  readonly skipped: readonly Skipped[];
  /** Whose lease ran out and whose room is needed: free them and ask again. */
  readonly expired: readonly ExpiredHolder[];
  /** Limits of deployments at which somebody waits; of a rate it is known when it has room, epoch ms. */
  readonly awaited: readonly { readonly limitId: string; readonly roomAt?: number }[];
  /** How many candidates the next pass has to judge: enough others fit, or their fate hangs on those. */
  readonly rest: number;
};

export type Room = {
  readonly limitsOf: (lane: Lane) => LaneLimits;
  readonly gates: ReadonlyMap<string, Gate>;
  readonly now: number;
  /** Why runs do not start any more that their schedules have overtaken, by their ids. */
  readonly overtaken: ReadonlyMap<string, string>;
  /** So many fit at most, and so many of them may take slots: what one transaction holds. */
  readonly most: { readonly runs: number; readonly takers: number };
};

/** The gates of a lane. */
export function gateIdsOf({ place, deployment }: LaneLimits): readonly string[] {
  return [...place.map(({ gateId }) => gateId), ...(deployment === undefined ? [] : [deployment.limit.id])];
}

export function fitCandidates(candidates: readonly Candidate[], room: Room): Fitting {
  const gates = new Map(room.gates);
  const fit: Fit[] = [];
  const surplus: Candidate[] = [];
  const skipped: Skipped[] = [];
  const expired: ExpiredHolder[] = [];
  const full = new Map<string, Limit>();
  const usedRates = new Set<string>();
  let takers = 0;
  let passedOver = 0;
  let looked = 0;
  for (const candidate of candidates) {
    if (fit.length === room.most.runs) break;
    const limits = room.limitsOf(candidate.lane);
    const reason = isTooLate(candidate, limits, room.now) ? tooLate : room.overtaken.get(candidate.runId);
    if (reason !== undefined) {
      looked += 1;
      skipped.push({ candidate, reason });
      continue;
    }
    const isTaker = gateIdsOf(limits).length > 0;
    if (isTaker && takers === room.most.takers) break;
    looked += 1;
    const { limit } = limits.deployment ?? {};
    // What is spent of a rate is one number, which two claims cannot both write.
    if (limit !== undefined && usedRates.has(limit.id)) {
      passedOver += 1;
      continue;
    }
    const plan = planFor(candidate, { limits, gates, now: room.now });
    switch (plan.kind) {
      case 'take':
        for (const taking of plan.takings) occupy(gates, taking);
        takers += isTaker ? 1 : 0;
        if (limit !== undefined && limit.slotDecayPerSecond > 0) usedRates.add(limit.id);
        fit.push({ candidate, limits, takings: plan.takings.map((taking) => asRead(taking, room.gates)) });
        break;
      case 'free':
        expired.push(...plan.expired);
        break;
      case 'full':
        if (isSurplus(limits, room)) surplus.push(candidate);
        else if (limits.deployment?.strategy === 'CANCEL_NEW' && isTakenNow(limits, fit)) passedOver += 1;
        else if (limit !== undefined && plan.gateIds.includes(limit.id)) full.set(limit.id, limit);
    }
  }
  const awaited = [...full.values()].map((limit) => ({ limitId: limit.id, ...rateRoom(limit, room) }));
  return { fit, surplus, skipped, expired, awaited, rest: candidates.length - looked + passedOver };
}

const tooLate = 'Skipped: the run could not start soon enough after its time.';

function isTooLate({ scheduledTime }: Candidate, { skipAfterMs }: LaneLimits, now: number): boolean {
  return skipAfterMs !== undefined && now - scheduledTime > skipAfterMs;
}

function rateRoom({ id, limit, slotDecayPerSecond }: Limit, { gates, now }: Room): { roomAt?: number } {
  const gate = gates.get(id);
  if (gate === undefined || slotDecayPerSecond <= 0 || limit < 1) return {};
  return { roomAt: rateRoomAt({ gate, limit, slotDecayPerSecond }, now) };
}

type Scene = { readonly limits: LaneLimits; readonly gates: ReadonlyMap<string, Gate>; readonly now: number };

function planFor({ runId }: Candidate, { limits, gates, now }: Scene): Plan {
  return planTaking(limitedBy(limits, gates), { holder: runHolder(runId, now), now });
}

function limitedBy({ place, deployment }: LaneLimits, gates: ReadonlyMap<string, Gate>): readonly Limited[] {
  const gate = deployment === undefined ? undefined : gates.get(deployment.limit.id);
  const { limit, slotDecayPerSecond } = deployment?.limit ?? { limit: 0, slotDecayPerSecond: 0 };
  const own = gate === undefined ? [] : [{ gate, limit, slotDecayPerSecond }];
  return [...limitedPlaces(place, [...gates.values()]), ...own];
}

function occupy(gates: Map<string, Gate>, taking: Taking): void {
  const gate = gates.get(taking.gateId);
  if (gate !== undefined) gates.set(gate.id, gateAfter(gate, taking));
}

/** All who take of a gate together raise the version that was read once. */
function asRead(taking: Taking, gates: ReadonlyMap<string, Gate>): Taking {
  return { ...taking, version: gates.get(taking.gateId)?.version ?? taking.version };
}

/** A run of the same limit goes now: once it has its slot, the limit is full for the others. */
function isTakenNow({ deployment }: LaneLimits, fit: readonly Fit[]): boolean {
  return fit.some(({ limits }) => limits.deployment?.limit.id === deployment?.limit.id);
}

/** Full by those who hold its slots, not by those who are about to: a claim may still come to nothing. */
function isSurplus({ deployment }: LaneLimits, { gates, now }: Room): boolean {
  // A limit of 0 lets nobody in and nobody be cancelled: its runs are Late first, as with Prefect.
  if (deployment === undefined || deployment.strategy !== 'CANCEL_NEW' || deployment.limit.limit === 0) return false;
  const plan = planTaking(limitedBy({ place: [], deployment }, gates), { holder: runHolder('', now), now });
  return plan.kind === 'full';
}

/** What stands on the run and on its attempt once the claim is written, and what its transaction writes besides. */
export type SlotsOfClaim = {
  readonly placeGateIds: readonly string[];
  readonly takings: readonly Taking[];
  readonly lease?: Lease;
};

type Claiming = { readonly leaseId: string; readonly now: number };

export function slotsOfClaim(
  { candidate, limits, takings }: Pick<Fit, 'limits' | 'takings'> & { readonly candidate: Pick<Candidate, 'runId'> },
  claim: Claiming,
): SlotsOfClaim {
  const placeGateIds = limits.place.map(({ gateId }) => gateId);
  if (limits.deployment === undefined) return { placeGateIds, takings };
  const lease = leaseOf(limits.deployment, runHolder(candidate.runId, claim.now), claim.leaseId);
  return { placeGateIds, takings, lease };
}

/** Of a run whose task lives already: it counts, whether it fits or not, so that no more start beside it. */
export function slotsOfLiving(
  { limits, gates }: Pick<Scene, 'limits' | 'gates'>,
  { runId, ...claim }: Claiming & { readonly runId: string },
): SlotsOfClaim {
  const takings = takeAnyway(limitedBy(limits, gates), { holder: runHolder(runId, claim.now), now: claim.now });
  return slotsOfClaim({ candidate: { runId }, limits, takings }, claim);
}
