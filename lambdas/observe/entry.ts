// Wires observe: SQS `observe` (ECS task-state events, the clock's visits) → attempts and runs.
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { readTask } from '../../shared/adapters/ecs/task-codec.ts';
import { createEcsClient, createLaunchClient, createTasks } from '../../shared/adapters/ecs/tasks.ts';
import { createHints, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import type { ObserveDeps } from '../../shared/use-cases/observe-task.ts';
import { takeObserveHint, takeTask } from '../../shared/use-cases/take-hints.ts';
import { eachAlone, queueHandler } from '../queue-handler.ts';
import { type ObserveMessage, observeMessage } from './message.ts';

const env = readEnv('observe');
const client = createDocumentClient();
const log = createLog('observe', standardOutput, world.now);
const telemetry = createTelemetry(log);

const deps: ObserveDeps = {
  world,
  runs: createRuns({ client, table: env.SLIPWAY_CONTROL_TABLE, newId: world.newId, now: world.now }),
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
  stack: env.SLIPWAY_STACK,
};

function take(message: ObserveMessage): Promise<void> {
  return 'kind' in message ? takeObserveHint(deps, message) : takeTask(deps, readTask(message.detail));
}

export const handler = queueHandler({
  schema: observeMessage,
  log,
  handle: (messages) => eachAlone(messages, ({ value }) => take(value)),
});
