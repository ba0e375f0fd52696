// Limits on the stage: set as the API sets them, and what their gates hold.
import type { JsonObject } from '../../../shared/domain/json.ts';
import { poolGateId, queueGateId } from '../../../shared/domain/limit/limit.ts';
import { createLimit, updateLimit } from '../../../shared/use-cases/change-limits.ts';
import { triggerRun } from '../../../shared/use-cases/trigger-run.ts';
import type { Scene } from './stage.ts';

const missing = (what: string): never => {
  throw new Error(`no ${what} on the stage`);
};

async function thePool({ deps }: Scene) {
  return (await deps.catalogue.workPools.read('production')) ?? missing('pool');
}

/** undefined: no limit. */
export async function limitPool(stage: Scene, concurrencyLimit: number | undefined): Promise<string> {
  const pool = await thePool(stage);
  const { concurrencyLimit: _before, ...rest } = pool;
  await stage.deps.catalogue.workPools.change(pool, {
    ...rest,
    ...(concurrencyLimit === undefined ? {} : { concurrencyLimit }),
  });
  return poolGateId(pool.id);
}

export async function pausePool(stage: Scene, isPaused: boolean): Promise<void> {
  const pool = await thePool(stage);
  await stage.deps.catalogue.workPools.change(pool, { ...pool, isPaused });
}

export async function limitQueue(stage: Scene, concurrencyLimit: number, queueId = stage.place.queueId) {
  const queue = (await stage.deps.catalogue.workQueues.read(queueId)) ?? missing('queue');
  await stage.deps.catalogue.workQueues.change(queue, { ...queue, concurrencyLimit });
  return queueGateId(queueId);
}

export type DeploymentLimiting = {
  readonly limit: number;
  readonly deploymentId?: string;
  readonly options?: JsonObject;
  readonly slotDecayPerSecond?: number;
};

/** @returns the limit's id, which is its gate's too */
export async function limitDeployment(stage: Scene, limiting: DeploymentLimiting): Promise<string> {
  const { deploymentId = stage.place.deploymentId, limit, options, slotDecayPerSecond } = limiting;
  const rate = slotDecayPerSecond === undefined ? {} : { slotDecayPerSecond };
  const made = await createLimit(stage.deps, { name: `deployment:${deploymentId}`, limit, ...rate });
  const { id } = made ?? missing('limit');
  await shareLimit(stage, { deploymentId, limitId: id, ...(options === undefined ? {} : { options }) });
  return id;
}

export async function shareLimit(
  { deps }: Scene,
  { deploymentId, limitId, options }: { deploymentId: string; limitId: string; options?: JsonObject },
): Promise<void> {
  const deployment = (await deps.catalogue.deployments.read(deploymentId)) ?? missing('deployment');
  await deps.catalogue.deployments.change(deployment, {
    ...deployment,
    concurrencyLimitId: limitId,
    ...(options === undefined ? {} : { concurrencyOptions: options }),
  });
}

export async function raiseLimit({ deps }: Scene, limitId: string, limit: number): Promise<void> {
  await updateLimit(deps, () => deps.limits.read(limitId), { limit });
}

export async function addQueue({ deps }: Scene, name: string, priority: number): Promise<string> {
  const now = deps.world.now();
  const kept = { created: now, updated: now, version: 1 };
  const id = `queue-${name}`;
  await deps.catalogue.workQueues.create({
    ...kept,
    id,
    workPoolName: 'production',
    name,
    isPaused: false,
    priority,
  });
  return id;
}

/** Another deployment of the stage's flow, in its pool. */
export async function addDeployment({ deps, place }: Scene, name: string, over: object = {}): Promise<string> {
  const nightly = (await deps.catalogue.deployments.read(place.deploymentId)) ?? missing('deployment');
  const { concurrencyLimitId: _limit, concurrencyOptions: _options, ...rest } = nightly;
  const id = `deployment-${name}`;
  await deps.catalogue.deployments.create({ ...rest, id, name, ...over });
  return id;
}

/** Who holds slots of a gate, by run. */
export async function holdersOf({ deps }: Pick<Scene, 'deps'>, gateId: string): Promise<string[]> {
  const [gate] = await deps.limits.gates([gateId]);
  return (gate?.holders ?? []).map(({ who, key }) => who?.id ?? key).sort();
}

/** Triggers runs of a deployment, one after the other. */
export async function triggerMany(stage: Scene, count: number, deploymentId = stage.place.deploymentId) {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const answer = await triggerRun(stage.deps, { deploymentId });
    if (answer.kind === 'refused') throw new Error(answer.reason);
    ids.push(answer.run.id);
  }
  return ids;
}

/** What must be true of these gates and tasks at any moment; what is not, in words. */
export async function excessOf(
  { deps }: Pick<Scene, 'deps'>,
  gates: readonly { readonly gateId: string; readonly limit: number }[],
): Promise<string[]> {
  const held = await Promise.all(gates.map(({ gateId }) => holdersOf({ deps }, gateId)));
  return gates.flatMap(({ gateId, limit }, at) => {
    const count = held[at]?.length ?? 0;
    return count > limit ? [`${gateId}: ${count} of ${limit}`] : [];
  });
}
