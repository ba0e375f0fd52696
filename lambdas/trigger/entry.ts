// Wires trigger: SQS `trigger` (targets of EventBridge rules and Scheduler schedules) → a recorded run.
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';

import { createLanes } from '../../shared/adapters/dynamodb/lanes.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { createLargeBodies } from '../../shared/adapters/s3/large-bodies.ts';
import { createHints, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { recentPools } from '../../shared/use-cases/recent-pools.ts';
import { type TriggerDeps, triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { eachAlone, queueHandler, reportBad } from '../queue-handler.ts';
import { triggerMessage, triggerRequest } from './message.ts';

const env = readEnv('trigger');
const client = createDocumentClient();
const table = env.SLIPWAY_CONTROL_TABLE;
const log = createLog('trigger', standardOutput, world.now);
const telemetry = createTelemetry(log);

const catalogue = createCatalogue({ client, table, sha256: world.sha256, newId: world.newId });

const deps: TriggerDeps = {
  world,
  runs: createRuns({
    client,
    table,
    newId: world.newId,
    now: world.now,
    largeBodies: createLargeBodies(env.SLIPWAY_BODY_BUCKET),
  }),
  taskRuns: createTaskRuns({ client, table, newId: world.newId, sha256: world.sha256 }),
  lanes: createLanes({ client, table }),
  catalogue,
  recentPool: recentPools(catalogue, world.now),
  hints: createHints(
    createSqsClient(),
    {
      submit: env.SLIPWAY_SUBMIT_QUEUE_URL,
      observe: env.SLIPWAY_OBSERVE_QUEUE_URL,
    },
    telemetry,
  ),
  telemetry,
};

export const handler = queueHandler({
  schema: triggerMessage,
  log,
  handle: (messages) =>
    eachAlone(messages, async ({ id, value }) => {
      const answer = await triggerRun(deps, triggerRequest(value, id));
      if (answer.kind !== 'refused') return;
      reportBad(log, id, answer.reason);
      throw new Error(answer.reason);
    }),
});
