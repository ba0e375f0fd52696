// What stands in every world before anybody acts: a flow, a push pool with two queues, a hybrid pool with limits, and
// deployments on them, one with a schedule.
import type { Deployment, WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import { deploymentIdOf, flowIdOf, workPoolIdOf, workQueueIdOf } from '../../../shared/domain/identity.ts';
import type { JsonObject } from '../../../shared/domain/json.ts';
import { deploymentLimitName, poolGateId, queueGateId } from '../../../shared/domain/limit/limit.ts';
import { nameTable } from '../../../shared/use-cases/name-table.ts';
import type { Deps } from './wiring.ts';

/** A template that is enough for a container: the world tests the road, not the rendering. */
const template: JsonObject = {
  job_configuration: {
    command: '{{ command }}',
    env: '{{ env }}',
    image: '{{ image }}',
    reports: '{{ reports }}',
    task_definition: {
      containerDefinitions: [{ name: 'prefect', image: '{{ image }}' }],
      cpu: '{{ cpu }}',
      memory: '{{ memory }}',
    },
    task_run_request: { cluster: '{{ cluster }}', launchType: 'FARGATE' },
  },
  variables: {
    type: 'object',
    properties: {
      command: { type: 'string' },
      env: { type: 'object' },
      image: { type: 'string', default: 'busybox' },
      cpu: { type: 'integer', default: 256 },
      memory: { type: 'integer', default: 512 },
      cluster: { type: 'string' },
      reports: { type: 'string' },
    },
  },
};

export const places = ['container', 'flow', 'hybrid', 'scheduled'] as const;
export type Place = (typeof places)[number];

export const pushPool = 'production';
export const hybridPool = 'laptops';

/** `deployment`: held until the run is over. `task`: held until its attempt is. `run`: of a place whose tasks are not ours. */
export type Gate = { readonly limit: number; readonly holds: 'deployment' | 'task' | 'run' };

export type Scene = {
  readonly deployments: Readonly<Record<Place, Deployment>>;
  /** By the gate's id. */
  readonly gates: ReadonlyMap<string, Gate>;
};

const jobs: Readonly<Record<Place, JsonObject>> = {
  container: { command: 'true' },
  flow: { command: 'prefect flow-run execute' },
  hybrid: {},
  scheduled: { command: 'true' },
};

/** Few enough that runs wait for each other, many enough that all of them come to their end. */
const poolLimits = { push: 5, hybrid: 3, urgentQueue: 4 };

/** What of a deployment may run at once; what comes beyond it waits, but for the schedule's. */
const deploymentLimits: Readonly<Partial<Record<Place, number>>> = { flow: 3, hybrid: 2, scheduled: 1 };

export async function setScene(deps: Deps, scheduleEverySeconds: number): Promise<Scene> {
  const { catalogue, world } = deps;
  await nameTable(deps);
  const kept = { created: world.now(), updated: world.now() };
  const flowId = flowIdOf(world.sha256, 'etl');
  await catalogue.flows.create({ ...kept, id: flowId, name: 'etl', tags: [], labels: {} });
  const pools = {
    push: await createPool(deps, { name: pushPool, type: 'ecs:push', concurrencyLimit: poolLimits.push }),
    hybrid: await createPool(deps, { name: hybridPool, type: 'process', concurrencyLimit: poolLimits.hybrid }),
  };
  const urgent = { ...queueOf(deps, pushPool, 'urgent'), concurrencyLimit: poolLimits.urgentQueue };
  await catalogue.workQueues.create(urgent);
  const gates = new Map<string, Gate>([
    [poolGateId(pools.push.pool.id), { limit: poolLimits.push, holds: 'task' }],
    [queueGateId(urgent.id), { limit: poolLimits.urgentQueue, holds: 'task' }],
    [poolGateId(pools.hybrid.pool.id), { limit: poolLimits.hybrid, holds: 'run' }],
  ]);
  const limited = async (place: Place, deploymentId: string) => {
    const limit = deploymentLimits[place];
    if (limit === undefined) return {};
    const id = await createLimit(deps, deploymentLimitName(deploymentId), limit);
    gates.set(id, { limit, holds: 'deployment' });
    return {
      concurrencyLimit: limit,
      concurrencyLimitId: id,
      ...(place === 'scheduled' ? { concurrencyOptions: { collision_strategy: 'CANCEL_NEW' } } : {}),
    };
  };
  const make = async (place: Place): Promise<Deployment> => {
    const { pool, queue } = place === 'hybrid' ? pools.hybrid : pools.push;
    const own = place === 'flow' ? urgent : queue;
    const id = deploymentIdOf(world.sha256, flowId, place);
    const deployment: Deployment = {
      ...kept,
      id,
      version: 1,
      name: place,
      flowId,
      flowName: 'etl',
      paused: false,
      tags: [],
      labels: {},
      schedules: [],
      parameters: {},
      enforceParameterSchema: false,
      jobVariables: jobs[place],
      workPoolName: pool.name,
      workPoolType: pool.type,
      workQueueId: own.id,
      workQueueName: own.name,
      ...(await limited(place, id)),
      ...(place === 'scheduled' ? scheduleOf(deps, id, scheduleEverySeconds) : {}),
    };
    await catalogue.deployments.create(deployment);
    return deployment;
  };
  const deployments = {
    container: await make('container'),
    flow: await make('flow'),
    hybrid: await make('hybrid'),
    scheduled: await make('scheduled'),
  };
  return { deployments, gates };
}

async function createLimit({ limits, world }: Deps, name: string, limit: number): Promise<string> {
  const [id, now] = [world.newId(), world.now()];
  await limits.create({ id, version: 1, created: now, updated: now, name, limit, active: true, slotDecayPerSecond: 0 });
  return id;
}

function scheduleOf({ world }: Deps, deploymentId: string, interval: number): Pick<Deployment, 'schedules' | 'plan'> {
  const now = world.now();
  const schedule = { interval, anchor_date: new Date(now).toISOString(), timezone: 'UTC' };
  const kept = { id: world.newId(), created: now, updated: now, deploymentId, schedule, active: true, parameters: {} };
  return { schedules: [kept], plan: { version: 1, dueAt: now, covered: [] } };
}

function queueOf({ world }: Deps, workPoolName: string, name: string): WorkQueue {
  const kept = { created: world.now(), updated: world.now() };
  const id = workQueueIdOf(world.sha256, workPoolName, name);
  return { ...kept, id, version: 1, workPoolName, name, isPaused: false, priority: name === 'urgent' ? 1 : 2 };
}

async function createPool(
  deps: Deps,
  settings: Pick<WorkPool, 'name' | 'type' | 'concurrencyLimit'>,
): Promise<{ pool: WorkPool; queue: WorkQueue }> {
  const queue = queueOf(deps, settings.name, 'default');
  const pool: WorkPool = {
    created: queue.created,
    updated: queue.updated,
    id: workPoolIdOf(deps.world.sha256, settings.name),
    version: 1,
    baseJobTemplate: template,
    isPaused: false,
    storageConfiguration: {},
    defaultQueueId: queue.id,
    ...settings,
  };
  await deps.catalogue.workPools.create(pool, queue);
  return { pool, queue };
}
