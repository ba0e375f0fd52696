// Wires events: SQS `events` (frames of `/events/in`, `POST /events`, our own events) → the steps that take them.
import { createConnectionSender } from '../../shared/adapters/api-gateway/connection-sender.ts';
import { createAutomations } from '../../shared/adapters/dynamodb/automations.ts';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createConnections } from '../../shared/adapters/dynamodb/connections.ts';
import { createEventStore } from '../../shared/adapters/dynamodb/events.ts';
import { createHeartbeats } from '../../shared/adapters/dynamodb/heartbeats.ts';
import { createLargeParts } from '../../shared/adapters/dynamodb/large-parts.ts';
import { createRunReads } from '../../shared/adapters/dynamodb/run-reads.ts';
import { createStatuses } from '../../shared/adapters/dynamodb/statuses.ts';
import { createTaskQueue } from '../../shared/adapters/dynamodb/task-queue.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { createTriggerStates } from '../../shared/adapters/dynamodb/trigger-states.ts';
import { createActHints } from '../../shared/adapters/sqs/act-hints.ts';
import { createOutbox, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { checkTaskWorkers } from '../../shared/use-cases/check-task-workers.ts';
import { evaluateTriggers } from '../../shared/use-cases/evaluate-triggers.ts';
import { fanOutLogs } from '../../shared/use-cases/fan-out-logs.ts';
import { createKnownAutomations } from '../../shared/use-cases/known-automations.ts';
import { createNames } from '../../shared/use-cases/names.ts';
import { tellStatus } from '../../shared/use-cases/tell-status.ts';
import { logFrame } from '../log-frame.ts';
import { createEventsHandler } from './handler.ts';
import { eventStages } from './stages.ts';

const env = readEnv('events');
const log = createLog('events', standardOutput, world.now);
const telemetry = createTelemetry(log);
const client = createDocumentClient();
const control = { client, table: env.SLIPWAY_CONTROL_TABLE };
const bulk = { client, table: env.SLIPWAY_BULK_TABLE };
const connections = createConnections({ ...control, now: world.now });
const sender = createConnectionSender({ url: env.SLIPWAY_SOCKETS_URL });
const catalogue = createCatalogue({ ...control, newId: world.newId, sha256: world.sha256 });
const names = createNames({ world, catalogue });
const store = createEventStore({ ...bulk, now: world.now, days: env.SLIPWAY_EVENT_DAYS });
const taskRuns = createTaskRuns({ ...control, newId: world.newId, sha256: world.sha256 });
const taskQueue = createTaskQueue({ ...control, sha256: world.sha256 });

const triggerDeps = {
  world,
  telemetry,
  runs: createRunReads(control),
  triggerStates: createTriggerStates({ ...control, newId: world.newId, sha256: world.sha256, now: world.now }),
  actHints: createActHints(createSqsClient(), env.SLIPWAY_ACT_QUEUE_URL, telemetry),
  knownAutomations: createKnownAutomations({
    automations: createAutomations({ ...control, sha256: world.sha256, now: world.now }),
  }),
};

const stages = eventStages({
  store,
  connections,
  sender,
  telemetry,
  world,
  heartbeats: createHeartbeats(control),
  taskRuns,
  evaluateTriggers: (events) => evaluateTriggers(triggerDeps, events),
  ...(env.SLIPWAY_BUS_TASK_RUNS === 'true'
    ? { outbox: createOutbox(createSqsClient(), env.SLIPWAY_PUBLISH_QUEUE_URL) }
    : {}),
});

export const handler = createEventsHandler({
  log,
  stages,
  read: {
    now: world.now,
    largeParts: createLargeParts({ ...bulk, newId: world.newId, now: world.now }),
    connections,
  },
  takeStatus: (ref) => tellStatus({ world, catalogue, names, statuses: createStatuses(control) }, ref),
  checkTaskWorkers: () => checkTaskWorkers({ taskRuns, taskQueue, connections, sender, world }),
  takeLogs: (lines) => fanOutLogs({ connections, sender, telemetry, world, renderLog: logFrame }, lines),
});
