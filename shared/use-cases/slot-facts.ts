// What the rules must know of limits when a run comes to PENDING or RUNNING, or would be marked Late, and what the write
// of its state does for the slots that they took.
import type { DeploymentLimit } from '../domain/limit/deployment-slot.ts';
import type { DeploymentConcurrency, PlaceRoom } from '../domain/run/policy-types.ts';
import { renewsLeases, takesSlots } from '../domain/run/rules-slots.ts';
import type { Run } from '../domain/run/run.ts';
import type { ProposedState } from '../domain/run/state.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Limits } from '../ports/limits.ts';
import type { SlotMove } from '../ports/slot-move.ts';
import type { World } from '../ports/world.ts';
import { pinDeploymentSlot, readConcurrency, renewDeploymentSlot, slotTaken } from './deployment-slots.ts';
import { securePlaceSlots } from './place-slots.ts';

export type SlotDeps = {
  readonly limits: Limits;
  readonly catalogue: Pick<Catalogue, 'deployments' | 'workPools' | 'workQueues'>;
  readonly world: World;
};

export type SlotFacts = {
  readonly concurrency?: DeploymentConcurrency;
  readonly placeRoom?: PlaceRoom;
  /** The limit as it was read, for the slot that is taken. */
  readonly known?: DeploymentLimit;
};

export type SlotQuestion = {
  readonly run: Run;
  readonly proposed: ProposedState;
  readonly clientVersion?: string;
  /** The lease that a slot taken now gets; the same in every round of a request. */
  readonly leaseId: string;
};

/** Reads nothing for a transition that takes, checks and frees no slot. */
export async function readSlotFacts(deps: SlotDeps, question: SlotQuestion): Promise<SlotFacts> {
  const { run, proposed } = question;
  const isLate = proposed.type === 'SCHEDULED' && proposed.name === 'Late' && run.state.type === 'SCHEDULED';
  if (isLate) return readDeployment(deps, question);
  if (takesSlots(run.state.type, proposed.type)) {
    const [ofDeployment, placeRoom] = await Promise.all([readDeployment(deps, question), readPlace(deps, run)]);
    return { ...ofDeployment, ...(placeRoom === undefined ? {} : { placeRoom }) };
  }
  return run.slot !== undefined && run.state.type === 'PENDING' ? keepSlot(deps, question) : {};
}

async function readDeployment(deps: SlotDeps, { run, leaseId }: SlotQuestion): Promise<SlotFacts> {
  if (run.deploymentId === undefined) return {};
  const deployment = await deps.catalogue.deployments.read(run.deploymentId);
  const { facts, known } = await readConcurrency(deps, { run, deployment, leaseId });
  return { concurrency: facts, ...(known === undefined ? {} : { known }) };
}

/** Runs with a task of ours hold their place by their attempt (design rule 6). */
async function readPlace(deps: SlotDeps, run: Run): Promise<PlaceRoom | undefined> {
  const { workPoolName, workQueueId } = run;
  if (run.launched || workPoolName === undefined) return undefined;
  const [workPool, workQueue] = await Promise.all([
    deps.catalogue.workPools.read(workPoolName),
    workQueueId === undefined ? undefined : deps.catalogue.workQueues.read(workQueueId),
  ]);
  const place = { ...(workPool && { workPool }), ...(workQueue && { workQueue }) };
  return securePlaceSlots(deps, { place, runId: run.id });
}

/** Whoever waited for its infrastructure keeps its slot from here on by renewing it; old clients cannot. */
async function keepSlot(deps: SlotDeps, question: SlotQuestion): Promise<SlotFacts> {
  const { run, proposed, clientVersion } = question;
  if (run.slot === undefined) return {};
  const isOld = !renewsLeases(clientVersion);
  if (isOld && (proposed.type === 'RUNNING' || proposed.type === 'CANCELLING')) {
    await pinDeploymentSlot(deps, run.slot);
    return {};
  }
  if (proposed.type !== 'RUNNING') return {};
  await renewDeploymentSlot(deps, run.slot);
  return readDeployment(deps, question);
}

/** What the transaction that moves the head does for slots that the rules took. */
export function slotsTaken(facts: SlotFacts, before: Run, after: Run, now: number): SlotMove | undefined {
  const { known, placeRoom } = facts;
  const isTaken = after.slot !== undefined && after.slot.leaseId !== before.slot?.leaseId;
  const ofDeployment =
    isTaken && known !== undefined ? slotTaken(known, { run: after, leaseId: after.slot.leaseId, now }) : undefined;
  const isPlaced = after.placeGateIds !== before.placeGateIds && placeRoom?.kind === 'granted';
  const places = isPlaced && after.placeGateIds !== undefined ? placeRoom.takings : [];
  if (ofDeployment === undefined && places.length === 0) return undefined;
  const { take = [], ...lease } = ofDeployment ?? { give: [] };
  return { ...lease, take: [...take, ...places] };
}
