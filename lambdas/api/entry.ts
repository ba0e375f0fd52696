// Wires api: HTTP API `ANY /{proxy+}` → Prefect's REST API.
import { createConnectionSender } from '../../shared/adapters/api-gateway/connection-sender.ts';
import { createContainerOutput } from '../../shared/adapters/cloudwatch/container-output.ts';
import { createAdmission } from '../../shared/adapters/dynamodb/admission.ts';
import { createArtifacts } from '../../shared/adapters/dynamodb/artifacts.ts';
import { createAutomations } from '../../shared/adapters/dynamodb/automations.ts';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createConnections } from '../../shared/adapters/dynamodb/connections.ts';
import { createCounters } from '../../shared/adapters/dynamodb/counters.ts';
import { createEventStore } from '../../shared/adapters/dynamodb/events.ts';
import { createFamilies } from '../../shared/adapters/dynamodb/families.ts';
import { createLanes } from '../../shared/adapters/dynamodb/lanes.ts';
import { createLargeParts } from '../../shared/adapters/dynamodb/large-parts.ts';
import { createLimits } from '../../shared/adapters/dynamodb/limits.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { createPlannedRuns } from '../../shared/adapters/dynamodb/planned-runs.ts';
import { createRunInputs } from '../../shared/adapters/dynamodb/run-inputs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createTaskCache } from '../../shared/adapters/dynamodb/task-cache.ts';
import { createTaskQueue } from '../../shared/adapters/dynamodb/task-queue.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { createLargeBodies } from '../../shared/adapters/s3/large-bodies.ts';
import { createSecretBox } from '../../shared/adapters/secret-box/secret-box.ts';
import { createAuthStringReader } from '../../shared/adapters/secrets-manager/auth-string.ts';
import { createActHints } from '../../shared/adapters/sqs/act-hints.ts';
import { createEventSink } from '../../shared/adapters/sqs/events.ts';
import { createHints, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { createLogLineQueue } from '../../shared/adapters/sqs/log-lines.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { announceLogs } from '../../shared/use-cases/fan-out-logs.ts';
import { type KeepLogsDeps, keepLogs } from '../../shared/use-cases/keep-logs.ts';
import { readOutput } from '../../shared/use-cases/read-output.ts';
import { recentPools } from '../../shared/use-cases/recent-pools.ts';
import { launchRateOf } from '../rates.ts';
import { bindUseCases } from './deps.ts';
import { createApi } from './front.ts';

const env = readEnv('api');
const client = createDocumentClient();
const control = { client, table: env.SLIPWAY_CONTROL_TABLE };
const bulk = { client, table: env.SLIPWAY_BULK_TABLE };
const sqs = createSqsClient();
const log = createLog('api', standardOutput, world.now);
const telemetry = createTelemetry(log);

const catalogue = createCatalogue({
  ...control,
  newId: world.newId,
  sha256: world.sha256,
  secretBox: createSecretBox(env, world.now),
});

const runStore = {
  ...control,
  newId: world.newId,
  now: world.now,
  largeBodies: createLargeBodies(env.SLIPWAY_BODY_BUCKET),
};

const stores = {
  world,
  runs: createRuns(runStore),
  lanes: createLanes(control),
  admission: createAdmission({ ...control, tableIdentity: env.SLIPWAY_TABLE_IDENTITY }),
  logs: createLogs({ ...bulk, sha256: world.sha256, now: world.now }),
  plannedRuns: createPlannedRuns(runStore),
  limits: createLimits(control),
  launchRate: launchRateOf(env),
  runInputs: createRunInputs(control),
  taskRuns: createTaskRuns({ ...control, newId: world.newId, sha256: world.sha256 }),
  taskCache: createTaskCache({ ...control, sha256: world.sha256 }),
  taskQueue: createTaskQueue({ ...control, sha256: world.sha256 }),
  sender: createConnectionSender({ url: env.SLIPWAY_SOCKETS_URL }),
  catalogue,
  recentPool: recentPools(catalogue, world.now),
  artifacts: createArtifacts({ ...control, bulkTable: env.SLIPWAY_BULK_TABLE, newId: world.newId }),
  automations: createAutomations({ ...control, sha256: world.sha256, now: world.now }),
  actHints: createActHints(sqs, env.SLIPWAY_ACT_QUEUE_URL, telemetry),
  eventSink: createEventSink(sqs, env.SLIPWAY_EVENTS_QUEUE_URL, createLargeParts({ ...bulk, ...world })),
  hints: createHints(sqs, { submit: env.SLIPWAY_SUBMIT_QUEUE_URL, observe: env.SLIPWAY_OBSERVE_QUEUE_URL }, telemetry),
  telemetry,
};

/** What this process knows of how long logs are kept. */
const retention: KeepLogsDeps['retention'] = new Map();
const families = createFamilies(control);
const output = createContainerOutput();

const secretArn = env.SLIPWAY_AUTH_SECRET_ARN;

export const handler = createApi({
  ...stores,
  eventStore: createEventStore({ ...bulk, now: world.now, days: env.SLIPWAY_EVENT_DAYS }),
  keepLogs: (lines) => keepLogs({ ...stores, retention }, lines),
  readOutput: (runId) => readOutput({ ...stores, families, output }, runId),
  announceLogs: (lines) =>
    announceLogs(
      {
        telemetry,
        connections: createConnections({ ...control, now: world.now }),
        logLines: createLogLineQueue(sqs, env.SLIPWAY_EVENTS_QUEUE_URL),
      },
      lines,
    ),
  counters: createCounters(control),
  useCases: bindUseCases(stores),
  log,
  ...(secretArn === undefined ? {} : { readAuthString: createAuthStringReader(secretArn, world.now) }),
});
