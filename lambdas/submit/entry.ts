// Wires the pump: SQS `submit` → claims and RunTask.
import { createAdmission, createStopPaces } from '../../shared/adapters/dynamodb/admission.ts';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { rememberReads } from '../../shared/adapters/dynamodb/catalogue/remembered-reads.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createFamilies } from '../../shared/adapters/dynamodb/families.ts';
import { createLanes } from '../../shared/adapters/dynamodb/lanes.ts';
import { createLimits } from '../../shared/adapters/dynamodb/limits.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createEcsClient, createLaunchClient, createTasks } from '../../shared/adapters/ecs/tasks.ts';
import { createLargeBodies } from '../../shared/adapters/s3/large-bodies.ts';
import { createSecretBox } from '../../shared/adapters/secret-box/secret-box.ts';
import { createHints, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { createTurns } from '../../shared/adapters/turns.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv, readRegion } from '../../shared/config/env.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { type TakeSubmitDeps, takeSubmitHints } from '../../shared/use-cases/take-hints.ts';
import { submitHint } from '../hint-schemas.ts';
import { queueHandler, together } from '../queue-handler.ts';
import { launchRateOf, stopRateOf } from '../rates.ts';
import { taskDefaults } from './task-defaults.ts';

const env = readEnv('submit');
const client = createDocumentClient();
const table = env.SLIPWAY_CONTROL_TABLE;
const log = createLog('submit', standardOutput, world.now);
const telemetry = createTelemetry(log);

const deps: TakeSubmitDeps = {
  world,
  runs: createRuns({
    client,
    table,
    newId: world.newId,
    now: world.now,
    largeBodies: createLargeBodies(env.SLIPWAY_BODY_BUCKET),
  }),
  lanes: createLanes({ client, table }),
  admission: createAdmission({ client, table, tableIdentity: env.SLIPWAY_TABLE_IDENTITY }),
  families: createFamilies({ client, table }),
  registering: new Map(),
  catalogue: rememberReads(
    createCatalogue({ client, table, ...world, secretBox: createSecretBox(env, world.now) }),
    world.now,
  ),
  limits: createLimits({ client, table }),
  touchedLanes: new Map(),
  notedGates: new Map(),
  rateHints: new Map(),
  pumpTurns: createTurns(),
  logs: createLogs({ client, table: env.SLIPWAY_BULK_TABLE, sha256: world.sha256 }),
  tasks: createTasks({ ecs: createEcsClient(), launch: createLaunchClient() }),
  hints: createHints(
    createSqsClient(),
    {
      submit: env.SLIPWAY_SUBMIT_QUEUE_URL,
      observe: env.SLIPWAY_OBSERVE_QUEUE_URL,
    },
    telemetry,
  ),
  telemetry,
  launchRate: launchRateOf(env),
  laneTypes: new Map(),
  stopPaces: createStopPaces({ client, table }),
  stopRate: stopRateOf(env),
  taskDefaults: taskDefaults(env, readRegion()),
  stack: env.SLIPWAY_STACK,
};

export const handler = queueHandler({
  schema: submitHint,
  log,
  // One pump for the batch: its hints say where to look, not what to do, so they succeed or come again together.
  handle: (messages) => together(messages, (hints) => takeSubmitHints(deps, hints)),
});
