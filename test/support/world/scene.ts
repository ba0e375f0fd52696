// What stands in every world before anybody acts: a flow, a push pool with two queues, a hybrid pool with limits, and
// deployments on them, one with a schedule.
import type { Deployment, WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import { deploymentIdOf, flowIdOf, workPoolIdOf, workQueueIdOf } from '../../../shared/domain/identity.ts';
import type { JsonObject } from '../../../shared/domain/json.ts';
import { deploymentLimitName } from '../../../shared/domain/limit/limit.ts';
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

export type Scene = {
  readonly deployments: Readonly<Record<Place, Deployment>>;
  readonly limits: { readonly hybridDeployment: number; readonly hybridPool: number };
};

const jobs: Readonly<Record<Place, JsonObject>> = {
  container: { command: 'true' },
  flow: { command: 'prefect flow-run execute' },
  hybrid: {},
  scheduled: { command: 'true' },
};

export async function setScene(deps: Deps, scheduleEverySeconds: number): Promise<Scene> {
  const { catalogue, world, limits } = deps;
  const kept = { created: world.now(), updated: world.now() };
  const flowId = flowIdOf(world.sha256, 'etl');
  await catalogue.flows.create({ ...kept, id: flowId, name: 'etl', tags: [], labels: {} });
  const pools = {
    push: await createPool(deps, { name: pushPool, type: 'ecs:push' }),
    hybrid: await createPool(deps, { name: hybridPool, type: 'process', concurrencyLimit: 3 }),
  };
  const urgent = queueOf(deps, pushPool, 'urgent');
  await catalogue.workQueues.create(urgent);
  const hybridId = deploymentIdOf(world.sha256, flowId, 'hybrid');
  const limitId = world.newId();
  const limit = { id: limitId, version: 1, ...kept, limit: 2, active: true, slotDecayPerSecond: 0 };
  await limits.create({ ...limit, name: deploymentLimitName(hybridId) });
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
      ...(place === 'hybrid' ? { concurrencyLimit: 2, concurrencyLimitId: limitId } : {}),
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
  return { deployments, limits: { hybridDeployment: 2, hybridPool: 3 } };
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
