// The stores and clients of one program, wired as the Lambdas' entry files wire them, over the virtual road.
import { createAdmission, createStopPaces } from '../../../shared/adapters/dynamodb/admission.ts';
import { createCatalogue } from '../../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { rememberReads } from '../../../shared/adapters/dynamodb/catalogue/remembered-reads.ts';
import { createCounters } from '../../../shared/adapters/dynamodb/counters.ts';
import { createFamilies } from '../../../shared/adapters/dynamodb/families.ts';
import { createHeartbeats } from '../../../shared/adapters/dynamodb/heartbeats.ts';
import { createLanes } from '../../../shared/adapters/dynamodb/lanes.ts';
import { createLargeParts } from '../../../shared/adapters/dynamodb/large-parts.ts';
import { createLimits } from '../../../shared/adapters/dynamodb/limits.ts';
import { createLogs } from '../../../shared/adapters/dynamodb/logs.ts';
import { createPlannedRuns } from '../../../shared/adapters/dynamodb/planned-runs.ts';
import { createRunInputs } from '../../../shared/adapters/dynamodb/run-inputs.ts';
import { createRuns } from '../../../shared/adapters/dynamodb/runs.ts';
import { createTaskRuns } from '../../../shared/adapters/dynamodb/task-runs.ts';
import { createTasks } from '../../../shared/adapters/ecs/tasks.ts';
import { createEventSink } from '../../../shared/adapters/sqs/events.ts';
import { createHints } from '../../../shared/adapters/sqs/hints.ts';
import { createTurns } from '../../../shared/adapters/turns.ts';
import { world as realWorld } from '../../../shared/adapters/world.ts';
import type { LargeBodies } from '../../../shared/ports/large-bodies.ts';
import { createTelemetry } from '../../../shared/telemetry/events.ts';
import { createLog } from '../../../shared/telemetry/log.ts';
import type { PumpTurns } from '../../../shared/use-cases/submit-runs.ts';
import { modelCluster } from '../stage/model-ecs.ts';
import { type CallOptions, forever, type Program } from './calls.ts';
import {
  bodiesClient,
  databaseClient,
  type EcsService,
  type Execute,
  ecsClient,
  queueClient,
  type SentMessage,
} from './clients.ts';
import { asRelease } from './other-releases.ts';

const stack = 'world';
const controlTableName = 'control';

export type WiringOptions = CallOptions & {
  readonly execute: Execute;
  readonly ecs: EcsService;
  readonly onSend: (operation: string, input: unknown) => void;
  readonly largeBodies: LargeBodies;
  readonly deliver: (message: SentMessage) => void;
  readonly newId: () => string;
  readonly launchRate: { readonly perSecond: number; readonly burst: number };
  readonly tableIdentity: string;
};

export type Deps = ReturnType<typeof wire>;

export function wire(options: WiringOptions, program: Program) {
  const { kernel, newId, launchRate } = options;
  const now = () => kernel.now() + program.skewMs;
  const execute = asRelease(program.release, options.execute);
  const client = databaseClient({ ...options, execute, program, newToken: newId });
  const table = controlTableName;
  const world = {
    ...realWorld,
    now,
    newId,
    newName: () => 'quick-otter',
    async sleep(milliseconds: number) {
      await kernel.sleep(milliseconds);
      if (program.isDead) await forever();
    },
  };
  const largeBodies = bodiesClient({ ...options, program, bodies: options.largeBodies });
  const store = { client, table, newId, now, sha256: world.sha256, largeBodies };
  const telemetry = createTelemetry(createLog(program.step, () => undefined, now));
  const send = queueClient({ ...options, program });
  const pumpTurns: PumpTurns = createTurns();
  const catalogue = createCatalogue(store);
  const ecs = (maxAttempts: number) => ecsClient({ ...options, program, service: options.ecs, maxAttempts });
  return {
    world,
    runs: createRuns(store),
    admission: createAdmission({ ...store, tableIdentity: options.tableIdentity }),
    lanes: createLanes(store),
    families: createFamilies(store),
    heartbeats: createHeartbeats(store),
    limits: createLimits(store),
    taskRuns: createTaskRuns(store),
    plannedRuns: createPlannedRuns(store),
    runInputs: createRunInputs(store),
    counters: createCounters(store),
    registering: new Map(),
    touchedLanes: new Map<string, number>(),
    notedGates: new Map(),
    rateHints: new Map(),
    pumpTurns,
    eventSink: createEventSink(send, 'events', createLargeParts({ ...store, table: 'bulk' })),
    catalogue: program.step === 'submit' ? rememberReads(catalogue, now) : catalogue,
    logs: createLogs({ ...store, table: 'bulk' }),
    tasks: createTasks({ ecs: ecs(3), launch: ecs(1) }),
    hints: createHints(send, { submit: 'submit', observe: 'observe' }, telemetry),
    telemetry,
    queueClient: send,
    launchRate: { ...launchRate, calls: { perSecond: 3, burst: 6 } },
    stopPaces: createStopPaces(store),
    stopRate: { perSecond: 1, burst: 3 },
    laneTypes: new Map(),
    stack,
    cluster: modelCluster,
    taskDefaults: {
      clusterArn: modelCluster,
      executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
      taskRoleArn: 'arn:aws:iam::000000000000:role/task',
      subnets: ['subnet-1'],
      securityGroups: ['sg-1'],
      assignPublicIp: 'ENABLED' as const,
      logGroup: '/slipway/tasks',
      region: 'us-east-1',
      apiUrl: 'http://127.0.0.1:1/api',
      defaultImage: 'busybox',
    },
  };
}
