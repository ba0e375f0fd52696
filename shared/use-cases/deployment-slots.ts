// The slot that a run holds of its deployment's limit. These functions read, and renew or free leases; what a rule
// takes is written by the transaction that writes the state (`SlotMove`), so slot and state never part.
import type { Deployment } from '../domain/catalogue.ts';
import {
  concurrencyOf,
  type DeploymentLimit,
  defaultGraceSeconds,
  deploymentTerms,
  grantDeploymentSlot,
  planDeploymentSlot,
} from '../domain/limit/deployment-slot.ts';
import type { DeploymentConcurrency } from '../domain/run/policy-types.ts';
import type { DeploymentSlot, Run } from '../domain/run/run.ts';
import type { SlotMove } from '../ports/slot-move.ts';
import { freeExpired, type LimitDeps } from './acquire-slots.ts';
import { ContentionError, maximumRaces } from './change-run.ts';

export type Limited = Pick<Deployment, 'concurrencyLimitId' | 'concurrencyOptions'>;

/** Consistent. undefined: the deployment has no limit, or one that is gone. */
async function readDeploymentLimit(
  { limits }: Pick<LimitDeps, 'limits'>,
  { concurrencyLimitId, concurrencyOptions: options }: Limited,
): Promise<DeploymentLimit | undefined> {
  if (concurrencyLimitId === undefined) return undefined;
  const [limit, [gate]] = await Promise.all([limits.read(concurrencyLimitId), limits.gates([concurrencyLimitId])]);
  return limit === undefined || gate === undefined ? undefined : { ...deploymentTerms(limit, options), gate };
}

export type Concurrency = {
  /** For the rules. */
  readonly facts: DeploymentConcurrency;
  /** For `slotTaken`, when the rules take a slot. */
  readonly known?: DeploymentLimit;
};

/**
 * What the rules must know when a run comes to PENDING or RUNNING, or would be marked Late. Whoever let his lease run
 * out is freed if that makes the room that is needed.
 *
 * @param leaseId the lease that a slot taken now gets; the same in every round of a request
 */
export async function readConcurrency(
  deps: LimitDeps,
  {
    run,
    deployment,
    leaseId,
  }: { readonly run: Run; readonly deployment: Limited | undefined; readonly leaseId: string },
): Promise<Concurrency> {
  if (run.deploymentId === undefined) return { facts: { kind: 'unlimited' } };
  if (deployment === undefined) return { facts: { kind: 'no-deployment' } };
  for (let race = 0; race < maximumRaces; race += 1) {
    const known = await readDeploymentLimit(deps, deployment);
    const now = deps.world.now();
    const plan =
      known === undefined ? undefined : planDeploymentSlot(known, { runId: run.id, now, hasTask: run.isAttemptOpen });
    const facts = concurrencyOf(known, { run, leaseId, now });
    if (known === undefined) return { facts };
    if (plan?.kind !== 'free') return { facts, known };
    // Each round frees what had run out by then, so the next one finds room, or nobody to free.
    await freeExpired(deps, { expired: plan.expired, active: [known.limit], gates: [known.gate] });
  }
  throw new ContentionError(`the slots of deployment limit ${deployment.concurrencyLimitId}`);
}

/** What the transaction does for a slot that the rules took (`after.slot` is another one than before). */
export function slotTaken(
  known: DeploymentLimit,
  {
    run,
    leaseId,
    now,
  }: { readonly run: Pick<Run, 'id' | 'isAttemptOpen'>; readonly leaseId: string; readonly now: number },
): SlotMove | undefined {
  const grant = grantDeploymentSlot(known, { runId: run.id, leaseId, now, hasTask: run.isAttemptOpen });
  return grant === undefined ? undefined : { take: grant.takings, give: [], lease: grant.lease };
}

/**
 * Before a run without a task of ours goes from PENDING to RUNNING: keeps its slot for another grace period. False: the
 * slot went to somebody else (or nobody needed it and TTL swept it), so `isHeld` will be false too.
 */
export async function renewDeploymentSlot(
  { limits, world }: LimitDeps,
  slot: DeploymentSlot,
  graceSeconds: number = defaultGraceSeconds,
): Promise<boolean> {
  const lease = await limits.readLease(slot.leaseId);
  return lease !== undefined && limits.renew(lease, world.now() + graceSeconds * 1000);
}

/** For a client that cannot renew: from now on the slot stays until the run's state gives it back. */
export async function pinDeploymentSlot({ limits }: Pick<LimitDeps, 'limits'>, slot: DeploymentSlot): Promise<boolean> {
  const lease = await limits.readLease(slot.leaseId);
  return lease !== undefined && limits.pin(lease);
}
