// Wires observe: SQS `observe` (ECS task-state events, the clock's visits) → attempts and runs.
import { createStopPaces } from '../../shared/adapters/dynamodb/admission.ts';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createHeartbeats } from '../../shared/adapters/dynamodb/heartbeats.ts';
import { createLargeParts } from '../../shared/adapters/dynamodb/large-parts.ts';
import { createLimits } from '../../shared/adapters/dynamodb/limits.ts';
import { createPlannedRuns } from '../../shared/adapters/dynamodb/planned-runs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { readTask } from '../../shared/adapters/ecs/task-codec.ts';
import { createEcsClient, createLaunchClient, createTasks } from '../../shared/adapters/ecs/tasks.ts';
import { createLargeBodies } from '../../shared/adapters/s3/large-bodies.ts';
import { createEventSink } from '../../shared/adapters/sqs/events.ts';
import { createHints, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import type { ObserveDeps } from '../../shared/use-cases/observe-task.ts';
import { planRuns } from '../../shared/use-cases/plan-runs.ts';
import { takeObserveHint, takeTask } from '../../shared/use-cases/take-hints.ts';
import { eachAlone, queueHandler } from '../queue-handler.ts';
import { stopRateOf } from '../rates.ts';
import { type ObserveMessage, observeMessage } from './message.ts';

const env = readEnv('observe');
const client = createDocumentClient();
const table = env.SLIPWAY_CONTROL_TABLE;
const sqs = createSqsClient();
const log = createLog('observe', standardOutput, world.now);
const telemetry = createTelemetry(log);

const runStore = {
  client,
  table,
  newId: world.newId,
  now: world.now,
  largeBodies: createLargeBodies(env.SLIPWAY_BODY_BUCKET),
};

const deps: ObserveDeps = {
  world,
  runs: createRuns(runStore),
  heartbeats: createHeartbeats({ client, table }),
  taskRuns: createTaskRuns({ client, table, newId: world.newId, sha256: world.sha256 }),
  eventSink: createEventSink(
    sqs,
    env.SLIPWAY_EVENTS_QUEUE_URL,
    createLargeParts({ client, table: env.SLIPWAY_BULK_TABLE, ...world }),
  ),
  limits: createLimits({ client, table }),
  catalogue: createCatalogue({ client, table, sha256: world.sha256, newId: world.newId }),
  tasks: createTasks({ ecs: createEcsClient(), launch: createLaunchClient() }),
  hints: createHints(
    sqs,
    {
      submit: env.SLIPWAY_SUBMIT_QUEUE_URL,
      observe: env.SLIPWAY_OBSERVE_QUEUE_URL,
    },
    telemetry,
  ),
  telemetry,
  stopPaces: createStopPaces({ client, table }),
  stopRate: stopRateOf(env),
  stack: env.SLIPWAY_STACK,
};

const plan = { ...deps, plannedRuns: createPlannedRuns(runStore) };

async function take(message: ObserveMessage): Promise<void> {
  if (!('kind' in message)) return takeTask(deps, readTask(message.detail));
  if (message.kind !== 'plan') return takeObserveHint(deps, message);
  await planRuns(plan, message.deploymentId);
}

export const handler = queueHandler({
  schema: observeMessage,
  log,
  handle: (messages) => eachAlone(messages, ({ value }) => take(value)),
});
