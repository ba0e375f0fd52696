// Wires the clock: EventBridge Scheduler, every minute → what is due.
import middy from '@middy/core';
import { z } from 'zod';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createEcsClient, createLaunchClient, createTasks } from '../../shared/adapters/ecs/tasks.ts';
import { createHints, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { type ClockDeps, keepTime } from '../../shared/use-cases/keep-time.ts';

const env = readEnv('clock');
const client = createDocumentClient();
const telemetry = createTelemetry(createLog('clock', standardOutput, world.now));

const deps: ClockDeps = {
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
  cluster: env.SLIPWAY_CLUSTER_ARN,
};

/** What the schedule sends: `<aws.scheduler.scheduled-time>`. */
const tick = z.object({ scheduledTime: z.iso.datetime({ offset: true }) });

export const handler = middy<unknown, void>().handler(async (event) => {
  const { scheduledTime } = tick.parse(event);
  await keepTime(deps, Date.parse(scheduledTime));
});
