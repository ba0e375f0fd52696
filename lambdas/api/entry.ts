// Wires api: HTTP API `ANY /{proxy+}` → Prefect's REST API.
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createCounters } from '../../shared/adapters/dynamodb/counters.ts';
import { createLanes } from '../../shared/adapters/dynamodb/lanes.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createAuthStringReader } from '../../shared/adapters/secrets-manager/auth-string.ts';
import { createHints, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { bindUseCases } from './deps.ts';
import { createApi } from './front.ts';

const env = readEnv('api');
const client = createDocumentClient();
const control = { client, table: env.SLIPWAY_CONTROL_TABLE };
const log = createLog('api', standardOutput, world.now);
const telemetry = createTelemetry(log);

const stores = {
  world,
  runs: createRuns({ ...control, newId: world.newId, now: world.now }),
  lanes: createLanes(control),
  catalogue: createCatalogue({ ...control, newId: world.newId, sha256: world.sha256 }),
  hints: createHints(
    createSqsClient(),
    { submit: env.SLIPWAY_SUBMIT_QUEUE_URL, observe: env.SLIPWAY_OBSERVE_QUEUE_URL },
    telemetry,
  ),
  telemetry,
};

const secretArn = env.SLIPWAY_AUTH_SECRET_ARN;

export const handler = createApi({
  ...stores,
  logs: createLogs({ client, table: env.SLIPWAY_BULK_TABLE, sha256: world.sha256 }),
  counters: createCounters(control),
  useCases: bindUseCases(stores),
  log,
  ...(secretArn === undefined ? {} : { readAuthString: createAuthStringReader(secretArn, world.now) }),
});
