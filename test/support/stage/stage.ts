// The whole road on one stage: the real use cases on the real adapters and a real database, a model of ECS at the wire,
// model queues and the clock's ticks, all under one virtual clock, with a plan for where the program dies.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ECSClient } from '@aws-sdk/client-ecs';
import { startAwsEndpoint } from '../../../local/aws-endpoint.ts';
import { createAdmission, createStopPaces } from '../../../shared/adapters/dynamodb/admission.ts';
import { createCatalogue } from '../../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../../shared/adapters/dynamodb/client.ts';
import { createFamilies } from '../../../shared/adapters/dynamodb/families.ts';
import { createHeartbeats } from '../../../shared/adapters/dynamodb/heartbeats.ts';
import { createLanes } from '../../../shared/adapters/dynamodb/lanes.ts';
import { createLimits } from '../../../shared/adapters/dynamodb/limits.ts';
import { createLogs } from '../../../shared/adapters/dynamodb/logs.ts';
import { createRuns } from '../../../shared/adapters/dynamodb/runs.ts';
import { createTaskRuns } from '../../../shared/adapters/dynamodb/task-runs.ts';
import { type RawTask, readTask } from '../../../shared/adapters/ecs/task-codec.ts';
import { createEcsClient, createLaunchClient, createTasks } from '../../../shared/adapters/ecs/tasks.ts';
import { world as realWorld } from '../../../shared/adapters/world.ts';
import type { WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import type { PrefectEvent } from '../../../shared/domain/event/event.ts';
import { deploymentIdOf, flowIdOf, workPoolIdOf, workQueueIdOf } from '../../../shared/domain/identity.ts';
import type { JsonObject } from '../../../shared/domain/json.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import { timing } from '../../../shared/domain/run/timing.ts';
import type { Rate } from '../../../shared/domain/submit/bucket.ts';
import type { CapacityType } from '../../../shared/domain/task/capacity.ts';
import type { Admission } from '../../../shared/ports/admission.ts';
import type { ObserveHint, SubmitHint } from '../../../shared/ports/hints.ts';
import type { LargeBodies } from '../../../shared/ports/large-bodies.ts';
import type { Runs } from '../../../shared/ports/runs.ts';
import { createTelemetry } from '../../../shared/telemetry/events.ts';
import { createLog } from '../../../shared/telemetry/log.ts';
import { keepTime } from '../../../shared/use-cases/keep-time.ts';
import { nameTable } from '../../../shared/use-cases/name-table.ts';
import { takeObserveHint, takeSubmitHints, takeTask } from '../../../shared/use-cases/take-hints.ts';
import { createTables, type TestDatabase } from '../database.ts';
import { type KeptBodies, keptBodies } from '../large-bodies.ts';
import { type Backup, copyItems, putItems } from './backup.ts';
import { type VirtualClock, virtualClock } from './clock.ts';
import { Crash, type CrashPlan, type CrashPoint, crashPlan } from './crash-plan.ts';
import { type ModelEcs, type ModelEcsOptions, modelCluster, modelEcs, type TaskScript } from './model-ecs.ts';
import { type ModelQueue, modelQueue, type QueuedMessage } from './model-queue.ts';

export type StageOptions = {
  readonly database: TestDatabase;
  readonly script: TaskScript;
  readonly crash?: CrashPoint;
  readonly refuse?: ModelEcsOptions['refuse'];
  readonly turnAway?: ModelEcsOptions['turnAway'];
  readonly loseAnswer?: ModelEcsOptions['loseAnswer'];
  readonly quotas?: ModelEcsOptions['quotas'];
  readonly jobVariables?: JsonObject;
  /** Milliseconds from one tick of the clock to the next, in turn. @default a minute */
  readonly tickGaps?: readonly number[];
  /** Ticks that could find nothing come as well. */
  readonly hasIdleTicks?: true;
  /** Of each type of Fargate capacity, and of RunTask calls unless they have a rate of their own. */
  readonly launchRate?: { perSecond: number; burst: number; calls?: Rate };
  readonly stopRate?: Rate;
  /** Seconds between RunTask and RUNNING. */
  readonly startSeconds?: number;
  /** Loses every ECS event. */
  readonly losesEvents?: boolean;
  /** Part of the setting of the scene: outside any plan. */
  readonly prepare?: (scene: Scene) => Promise<unknown>;
  /** Stands between the use cases and their store. */
  readonly between?: (stores: StageStores) => StageStores;
};

export type StageStores = { readonly runs: Runs; readonly admission: Admission };

export type Stage = Awaited<ReturnType<typeof startStage>>;

/** A template that is enough for a container: the stage tests the road, not the rendering. */
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
    network_configuration: '{{ network_configuration }}',
    task_run_request: {
      cluster: '{{ cluster }}',
      launchType: '{{ launch_type }}',
      taskDefinition: '{{ task_definition_arn }}',
    },
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
      task_definition_arn: { type: 'string' },
      launch_type: { type: 'string', default: 'FARGATE' },
      network_configuration: { type: 'object' },
      reports: { type: 'string' },
    },
  },
};

let stages = 0;

export async function startStage(options: StageOptions) {
  stages += 1;
  const clock = virtualClock();
  const plan = crashPlan(options.crash);
  const queues = { submit: modelQueue(clock, 60), observe: modelQueue(clock, 60) };
  const emit = (event: object) => {
    if (options.losesEvents !== true) queues.observe.send([JSON.stringify(event)]);
  };
  const ecs = modelEcs({
    clock,
    emit,
    script: options.script,
    ...(options.startSeconds === undefined ? {} : { startSeconds: options.startSeconds }),
    ...(options.refuse === undefined ? {} : { refuse: options.refuse }),
    ...(options.turnAway === undefined ? {} : { turnAway: options.turnAway }),
    ...(options.loseAnswer === undefined ? {} : { loseAnswer: options.loseAnswer }),
    ...(options.quotas === undefined ? {} : { quotas: options.quotas }),
  });
  const endpoint = await startAwsEndpoint({ port: 0, services: { ecs: ecs.service } });
  process.env['AWS_ENDPOINT_URL_ECS'] = endpoint.url;
  const names = { controlTable: `stage-${stages}-control`, bulkTable: `stage-${stages}-bulk` };
  await createTables(options.database.endpoint, names);
  const largeBodies = keptBodies();
  const { deps, clients } = wire({ plan, clock, queues, names, options, largeBodies });
  await nameTable(deps);
  const place = await declare(deps, options.jobVariables ?? { command: 'true' });
  await options.prepare?.({ deps, place });
  plan.begin();
  const problems: string[] = [];
  // Whoever watches is not the program: his reads are no points to die at.
  const watching = createDocumentClient();
  const watch = (table: string): Runs =>
    createRuns({ client: watching, table, newId: realWorld.newId, now: clock.now, largeBodies });
  let onlooker = watch(names.controlTable);
  const stage = {
    clock,
    plan,
    queues,
    ecs,
    largeBodies,
    deps,
    place,
    controlTable: names.controlTable,
    /** Errors that no plan asked for. */
    problems,
    /** One invocation that may die; `undefined` when it did. */
    invoke: <T>(act: () => Promise<T>) => invoke(plan, problems, act),
    drive: (until: () => Promise<boolean>, hours?: number) =>
      drive({ ...stage, options, ticks: ticksFrom(clock.now(), options.tickGaps ?? [60_000]) }, until, hours),
    readRun: async (id: string): Promise<Run> => {
      const run = await onlooker.read(id);
      if (run === undefined) throw new Error(`no run ${id}`);
      return run;
    },
    /** Another process of the program, with clients of its own. */
    another: (): StageDeps => {
      const other = wire({
        plan,
        clock,
        queues,
        names: { ...names, controlTable: stage.controlTable },
        options,
        largeBodies,
      });
      clients.push(...other.clients);
      return other.deps;
    },
    /** Whatever the control table holds now. */
    backUp: () => copyItems(watching, stage.controlTable),
    /** From now on the program works on another table, which holds what was backed up. */
    async restore(items: Backup) {
      const restored = `${names.controlTable}-restored`;
      await createTables(options.database.endpoint, { controlTable: restored, bulkTable: `${restored}-bulk` });
      await putItems(watching, restored, items);
      stage.controlTable = restored;
      stage.deps = stage.another();
      onlooker = watch(restored);
    },
    async close() {
      for (const client of [...clients, watching]) client.destroy();
      await endpoint.close();
    },
  };
  return stage;
}

type Wiring = {
  readonly plan: CrashPlan;
  readonly clock: VirtualClock;
  readonly queues: { readonly submit: ModelQueue; readonly observe: ModelQueue };
  readonly names: { readonly controlTable: string; readonly bulkTable: string };
  readonly options: StageOptions;
  readonly largeBodies: KeptBodies;
};

/** Each call of an AWS client becomes a point at which the plan may kill the program. */
function planned<Client extends DynamoDBClient | ECSClient>(client: Client, plan: CrashPlan): Client {
  const stack = client.middlewareStack as unknown as {
    add(
      middleware: (
        next: (call: object) => Promise<unknown>,
        context: { commandName?: string },
      ) => (call: object) => Promise<unknown>,
      where: object,
    ): void;
  };
  stack.add((next, context) => (call) => plan.call(context.commandName ?? 'call', () => next(call)), {
    step: 'initialize',
    name: 'crash',
  });
  return client;
}

/** Its calls are points to die at as well. */
function plannedBodies({ put, read, remove }: KeptBodies, plan: CrashPlan): LargeBodies {
  return {
    put: (key, text) => plan.call('PutObject', () => put(key, text)),
    read: (key) => plan.call('GetObject', () => read(key)),
    remove: (key) => plan.call('DeleteObject', () => remove(key)),
  };
}

function wire({ plan, clock, queues, names, options, largeBodies }: Wiring) {
  const client = createDocumentClient();
  planned(client as unknown as DynamoDBClient, plan);
  const ecs = planned(createEcsClient(), plan);
  const launch = planned(createLaunchClient(), plan);
  const table = names.controlTable;
  const world = { ...realWorld, now: clock.now, sleep: async (ms: number) => clock.advanceTo(clock.now() + ms) };
  const send =
    (queue: ModelQueue) =>
    async (hints: readonly object[], settings: { delaySeconds?: number } = {}) => {
      if (hints.length === 0) return;
      await plan.call('SendMessageBatch', async () =>
        queue.send(
          hints.map((hint) => JSON.stringify(hint)),
          settings.delaySeconds,
        ),
      );
    };
  const sent: PrefectEvent[] = [];
  const stores: StageStores = {
    runs: createRuns({
      client,
      table,
      newId: world.newId,
      now: clock.now,
      largeBodies: plannedBodies(largeBodies, plan),
    }),
    admission: createAdmission({ client, table, now: clock.now }),
  };
  const deps = {
    world,
    ...(options.between?.(stores) ?? stores),
    lanes: createLanes({ client, table }),
    families: createFamilies({ client, table }),
    heartbeats: createHeartbeats({ client, table }),
    limits: createLimits({ client, table }),
    eventSink: { send: async (events: readonly PrefectEvent[]) => void sent.push(...events) },
    sentEvents: sent,
    taskRuns: createTaskRuns({ client, table, newId: world.newId, sha256: world.sha256 }),
    registering: new Map(),
    catalogue: createCatalogue({ client, table, newId: world.newId, sha256: world.sha256 }),
    logs: createLogs({ client, table: names.bulkTable, sha256: world.sha256 }),
    tasks: createTasks({ ecs, launch }),
    hints: { submit: send(queues.submit), observe: send(queues.observe) },
    telemetry: createTelemetry(createLog('stage', () => undefined, clock.now)),
    stopPaces: createStopPaces({ client, table }),
    stopRate: options.stopRate ?? { perSecond: 10, burst: 25 },
    launchRate:
      options.launchRate === undefined
        ? { perSecond: 20, burst: 100, calls: { perSecond: 30, burst: 75 } }
        : { calls: options.launchRate, ...options.launchRate },
    laneTypes: new Map<string, CapacityType>(),
    stack: 'stage',
    cluster: modelCluster,
    taskDefaults: {
      clusterArn: modelCluster,
      executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
      taskRoleArn: 'arn:aws:iam::000000000000:role/task',
      subnets: ['subnet-1'],
      securityGroups: ['sg-1'],
      assignPublicIp: 'ENABLED',
      logGroup: '/slipway/tasks',
      region: 'us-east-1',
      apiUrl: 'http://127.0.0.1:1/api',
      defaultImage: 'busybox',
    },
  } as const;
  return { deps, clients: [client, ecs, launch] };
}

export type StageDeps = ReturnType<typeof wire>['deps'];

export type Scene = { readonly deps: StageDeps; readonly place: Awaited<ReturnType<typeof declare>> };

/** One flow, one push pool with its queue, one deployment: outside any plan. */
async function declare({ catalogue, world }: StageDeps, jobVariables: JsonObject) {
  const kept = { created: world.now(), updated: world.now() };
  const flowId = flowIdOf(world.sha256, 'etl');
  const queueId = workQueueIdOf(world.sha256, 'production', 'default');
  const queue: WorkQueue = {
    ...kept,
    id: queueId,
    version: 1,
    workPoolName: 'production',
    name: 'default',
    isPaused: false,
    priority: 1,
  };
  const pool: WorkPool = {
    ...kept,
    id: workPoolIdOf(world.sha256, 'production'),
    version: 1,
    name: 'production',
    type: 'ecs:push',
    baseJobTemplate: template,
    isPaused: false,
    storageConfiguration: {},
    defaultQueueId: queueId,
  };
  const deploymentId = deploymentIdOf(world.sha256, flowId, 'nightly');
  await catalogue.flows.create({ ...kept, id: flowId, name: 'etl', tags: [], labels: {} });
  await catalogue.workPools.create(pool, queue);
  await catalogue.deployments.create({
    ...kept,
    id: deploymentId,
    version: 1,
    name: 'nightly',
    flowId,
    flowName: 'etl',
    paused: false,
    tags: [],
    labels: {},
    schedules: [],
    parameters: {},
    enforceParameterSchema: false,
    jobVariables,
    workPoolName: 'production',
    workQueueId: queueId,
    workQueueName: 'default',
  });
  return { flowId, deploymentId, queueId, lane: { workPoolName: 'production', workQueueId: queueId, deploymentId } };
}

async function invoke<T>(plan: CrashPlan, problems: string[], act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Crash) && !plan.hasCrashed)
      problems.push(error instanceof Error ? `${error.stack}` : String(error));
    return undefined;
  } finally {
    await plan.bury();
  }
}

type Driven = {
  readonly clock: VirtualClock;
  readonly plan: CrashPlan;
  readonly queues: Wiring['queues'];
  readonly ecs: ModelEcs;
  readonly deps: StageDeps;
  readonly problems: string[];
  readonly ticks: Ticks;
  readonly backUp: () => Promise<Backup>;
  readonly options: Pick<StageOptions, 'hasIdleTicks'>;
};

type Ticks = { next: number; pass(): void };

function ticksFrom(now: number, gaps: readonly number[]): Ticks {
  const rest = function* () {
    for (;;) yield* gaps;
  };
  const gap = rest();
  const ticks: Ticks = {
    next: now,
    pass() {
      ticks.next += gap.next().value ?? 0;
    },
  };
  ticks.pass();
  return ticks;
}

/** Lets messages, tasks and ticks come as their times come, until the condition holds or virtual time is up. */
async function drive(stage: Driven, until: () => Promise<boolean>, hours = 3): Promise<boolean> {
  const end = stage.clock.now() + hours * 3_600_000;
  while (stage.clock.now() <= end) {
    if (await until()) return true;
    const [problem] = stage.problems;
    if (problem !== undefined) throw new Error(`unplanned error on the stage: ${problem}`);
    await oneStep(stage);
  }
  return false;
}

async function oneStep(stage: Driven): Promise<void> {
  const { clock, queues, ecs } = stage;
  const times = [queues.submit.nextAt(), queues.observe.nextAt(), ecs.nextAt(), stage.ticks.next];
  clock.advanceTo(Math.min(...times.filter((time) => time !== undefined)));
  await ecs.act();
  await takeObserve(stage);
  await takeSubmit(stage);
  if (stage.ticks.next > clock.now()) return;
  if (stage.options.hasIdleTicks || !(await isIdle(stage)))
    await invoke(stage.plan, stage.problems, () => keepTime(stage.deps, stage.ticks.next));
  stage.ticks.pass();
}

/** Whether a tick could find nothing: it is left out then, since it costs half a hundred reads. */
async function isIdle({ clock, ecs, backUp }: Driven): Promise<boolean> {
  const expected = new Set<string>();
  for (const { due_key: kind, due_at: dueAt, task_arn: arn } of await backUp()) {
    const ahead = String(kind).startsWith('run#') ? timing.lookAhead : 0;
    if (kind !== undefined && Number(dueAt) <= clock.now() + ahead) return false;
    if (kind !== undefined && typeof arn === 'string') expected.add(arn);
  }
  const running = ecs.tasks.filter(({ desiredStatus }) => desiredStatus === 'RUNNING');
  return running.length === expected.size && running.every(({ arn }) => expected.has(arn));
}

async function takeObserve(stage: Driven): Promise<void> {
  for (const message of stage.queues.observe.receive(10)) {
    const done = await invoke(stage.plan, stage.problems, async () => {
      const body = JSON.parse(message.body) as ObserveHint | { detail: RawTask };
      await ('detail' in body ? takeTask(stage.deps, readTask(body.detail)) : takeObserveHint(stage.deps, body));
      return true;
    });
    if (done === true) stage.queues.observe.remove(message);
  }
}

async function takeSubmit(stage: Driven): Promise<void> {
  const messages: QueuedMessage[] = stage.queues.submit.receive(10);
  if (messages.length === 0) return;
  const done = await invoke(stage.plan, stage.problems, async () => {
    await takeSubmitHints(
      stage.deps,
      messages.map(({ body }) => JSON.parse(body) as SubmitHint),
    );
    return true;
  });
  if (done === true) for (const message of messages) stage.queues.submit.remove(message);
}
