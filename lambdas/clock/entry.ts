// Wires the clock: EventBridge Scheduler, every minute → what is due.
import middy from '@middy/core';
import { z } from 'zod';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createRunLists } from '../../shared/adapters/dynamodb/run-lists.ts';
import { createStatuses } from '../../shared/adapters/dynamodb/statuses.ts';
import { createTaskQueue } from '../../shared/adapters/dynamodb/task-queue.ts';
import { createEcsClient, createLaunchClient, createTasks } from '../../shared/adapters/ecs/tasks.ts';
import { createActHints } from '../../shared/adapters/sqs/act-hints.ts';
import { createStatusHints, createTaskWorkerHints } from '../../shared/adapters/sqs/events.ts';
import { createHints, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { wakeTaskWorkerCheck } from '../../shared/use-cases/check-task-workers.ts';
import { hintAutomations } from '../../shared/use-cases/hint-automations.ts';
import { type ClockDeps, keepTime } from '../../shared/use-cases/keep-time.ts';
import { type WakeStatusesDeps, wakeStatuses } from '../../shared/use-cases/wake-statuses.ts';
import { toTheirEnds } from './parts.ts';

const env = readEnv('clock');
const client = createDocumentClient();
const sqs = createSqsClient();
const telemetry = createTelemetry(createLog('clock', standardOutput, world.now));

const deps: ClockDeps = {
  world,
  runs: createRunLists({ client, table: env.SLIPWAY_CONTROL_TABLE }),
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
  cluster: env.SLIPWAY_CLUSTER_ARN,
};

const statusDeps: WakeStatusesDeps = {
  world,
  statuses: createStatuses({ client, table: env.SLIPWAY_CONTROL_TABLE }),
  statusHints: createStatusHints(sqs, env.SLIPWAY_EVENTS_QUEUE_URL),
};

const taskWorkerDeps = {
  taskQueue: createTaskQueue({ client, table: env.SLIPWAY_CONTROL_TABLE, sha256: world.sha256 }),
  taskWorkerHints: createTaskWorkerHints(sqs, env.SLIPWAY_EVENTS_QUEUE_URL),
};

const automationDeps = { runs: deps.runs, actHints: createActHints(sqs, env.SLIPWAY_ACT_QUEUE_URL, telemetry) };

/** What the schedule sends: `<aws.scheduler.scheduled-time>`. */
const tick = z.object({ scheduledTime: z.iso.datetime({ offset: true }) });

export const handler = middy<unknown, void>().handler(async (event) => {
  const { scheduledTime } = tick.parse(event);
  await toTheirEnds([
    keepTime(deps, Date.parse(scheduledTime)),
    wakeStatuses(statusDeps),
    hintAutomations(automationDeps, world.now()),
    wakeTaskWorkerCheck(taskWorkerDeps),
  ]);
});
