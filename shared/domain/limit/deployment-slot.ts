// The slot that a run takes of its deployment's limit, as far as the limit is concerned. When it is taken, checked and
// given back is the business of the run's rules; its lease is a view of the holder (design rule 6).
import type { JsonObject } from '../json.ts';
import type { DeploymentConcurrency } from '../run/policy-types.ts';
import type { Run } from '../run/run.ts';
import { type Gate, type Holder, type Lease, type Limit, leasedLimit, runHolderKey } from './limit.ts';
import { type Plan, planTaking, type Taking } from './room.ts';

/** Prefect's PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION: a deployment may set its own. */
export const defaultGraceSeconds = 300;

/** A deployment's limit and what it wants done beyond it. */
export type DeploymentTerms = {
  readonly limit: Limit;
  readonly strategy: 'ENQUEUE' | 'CANCEL_NEW';
  /** How long a slot is kept for a run whose infrastructure is still to come, and after each renewal. */
  readonly graceSeconds: number;
};

export type DeploymentLimit = DeploymentTerms & { readonly gate: Gate };

export function deploymentTerms(limit: Limit, options: JsonObject | undefined): DeploymentTerms {
  const grace = options?.['grace_period_seconds'];
  return {
    limit,
    strategy: options?.['collision_strategy'] === 'CANCEL_NEW' ? 'CANCEL_NEW' : 'ENQUEUE',
    graceSeconds: typeof grace === 'number' ? grace : defaultGraceSeconds,
  };
}

/** Whether there is a slot for this run; `free` says which expired holders stand in its way. */
export function planDeploymentSlot(known: DeploymentLimit, request: SlotRequest): Plan {
  const { limit, gate } = known;
  const wanted = { gate, limit: limit.limit, slotDecayPerSecond: limit.slotDecayPerSecond };
  return planTaking([wanted], { holder: holderOf(known, request), now: request.now });
}

export type SlotRequest = {
  readonly runId: string;
  readonly now: number;
  /** A run with a task of ours cannot lose its slot; another one loses it unless its engine renews it. */
  readonly hasTask: boolean;
};

function holderOf({ graceSeconds }: DeploymentLimit, { runId, now, hasTask }: SlotRequest): Holder {
  return {
    key: runHolderKey(runId),
    slots: 1,
    since: now,
    ...(hasTask ? {} : { until: now + graceSeconds * 1000 }),
    who: { type: 'flow_run', id: runId },
  };
}

/** What the transaction that writes the state puts for a slot. */
export type SlotGrant = { readonly takings: readonly Taking[]; readonly lease: Lease };

/** undefined: there is no room without freeing somebody first. */
export function grantDeploymentSlot(
  known: DeploymentLimit,
  request: SlotRequest & { readonly leaseId: string },
): SlotGrant | undefined {
  const plan = planDeploymentSlot(known, request);
  if (plan.kind !== 'take') return undefined;
  return { takings: plan.takings, lease: leaseOf(known, holderOf(known, request), request.leaseId) };
}

/** What a run's engine renews: a view of its holder. */
export function leaseOf({ limit }: DeploymentTerms, holder: Holder, id: string): Lease {
  const { key, slots, since: created, until } = holder;
  const lease = { id, key, slots, created, limits: [leasedLimit(limit)] };
  return until === undefined ? lease : { ...lease, until };
}

/** What the run's rules want to know of the limit. An inactive one holds nobody back. */
export function concurrencyOf(
  known: DeploymentLimit | undefined,
  { run, leaseId, now }: { readonly run: Pick<Run, 'id' | 'slot'>; readonly leaseId: string; readonly now: number },
): DeploymentConcurrency {
  if (known === undefined || !known.limit.active) return { kind: 'unlimited' };
  const { limit, gate, strategy } = known;
  const plan = planDeploymentSlot(known, { runId: run.id, now, hasTask: true });
  const isRate = limit.slotDecayPerSecond > 0;
  const isListed = gate.holders.some(({ key }) => key === runHolderKey(run.id));
  return {
    kind: 'limited',
    limitId: limit.id,
    limit: limit.limit,
    isFull: plan.kind === 'full',
    isHeld: run.slot?.limitId === limit.id && (isRate || isListed),
    strategy,
    leaseId,
  };
}
