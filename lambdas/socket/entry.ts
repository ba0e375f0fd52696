// Wires socket: WebSocket API `$connect`, `$default`, `$disconnect` of each stage → Prefect's sockets.
import { createConnectionSender } from '../../shared/adapters/api-gateway/connection-sender.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createConnections } from '../../shared/adapters/dynamodb/connections.ts';
import { createEventStore } from '../../shared/adapters/dynamodb/events.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createTaskQueue } from '../../shared/adapters/dynamodb/task-queue.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { createLargeBodies } from '../../shared/adapters/s3/large-bodies.ts';
import { createAuthStringReader } from '../../shared/adapters/secrets-manager/auth-string.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { socketLimits } from '../../shared/config/resources.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { noteLostEvents } from '../../shared/use-cases/note-lost-events.ts';
import { logFrame } from '../log-frame.ts';
import { createSocket } from './front.ts';
import { serveTaskWorkers } from './task-worker.ts';
import { watchEvents, watchLogs } from './watching.ts';

const env = readEnv('socket');
const client = createDocumentClient();
const control = { client, table: env.SLIPWAY_CONTROL_TABLE };
const bulk = { client, table: env.SLIPWAY_BULK_TABLE };
const log = createLog('socket', standardOutput, world.now);
const telemetry = createTelemetry(log);
const connections = createConnections({ ...control, now: world.now });
const sender = createConnectionSender({ url: env.SLIPWAY_SOCKETS_URL, eventsInUrl: env.SLIPWAY_EVENTS_IN_URL });
const logs = createLogs({ ...bulk, sha256: world.sha256 });
const sending = { connections, sender, telemetry, world };
const secretArn = env.SLIPWAY_AUTH_SECRET_ARN;
const runs = createRuns({
  ...control,
  newId: world.newId,
  now: world.now,
  largeBodies: createLargeBodies(env.SLIPWAY_BODY_BUCKET),
});

export const handler = createSocket({
  world,
  connections,
  sender,
  log,
  transport: env.SLIPWAY_SOCKETS,
  conversations: {
    'events-out': watchEvents({
      ...sending,
      events: createEventStore({ ...bulk, now: world.now, days: env.SLIPWAY_EVENT_DAYS }),
    }),
    'logs-out': watchLogs({ ...sending, logs, renderLog: logFrame }),
    'task-runs': serveTaskWorkers({
      ...sending,
      taskRuns: createTaskRuns({ ...control, newId: world.newId, sha256: world.sha256 }),
      taskQueue: createTaskQueue({ ...control, sha256: world.sha256 }),
    }),
  },
  noteLostEvents: (ref) => noteLostEvents({ connections, logs, telemetry, world, runs }, ref, socketLimits.frameBytes),
  ...(secretArn === undefined ? {} : { readAuthString: createAuthStringReader(secretArn, world.now) }),
});
