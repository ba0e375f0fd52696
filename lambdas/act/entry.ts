// Wires act: SQS `act` (automations that fired, triggers that are due) → their actions.
import { createAutomations } from '../../shared/adapters/dynamodb/automations.ts';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createEventStore } from '../../shared/adapters/dynamodb/events.ts';
import { createFirings } from '../../shared/adapters/dynamodb/firings.ts';
import { createLanes } from '../../shared/adapters/dynamodb/lanes.ts';
import { createLargeParts } from '../../shared/adapters/dynamodb/large-parts.ts';
import { createLimits } from '../../shared/adapters/dynamodb/limits.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { createPlannedRuns } from '../../shared/adapters/dynamodb/planned-runs.ts';
import { createRunInputs } from '../../shared/adapters/dynamodb/run-inputs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { createTriggerStates } from '../../shared/adapters/dynamodb/trigger-states.ts';
import { createOutgoing } from '../../shared/adapters/notify/outgoing.ts';
import { createLargeBodies } from '../../shared/adapters/s3/large-bodies.ts';
import { createSecretBox } from '../../shared/adapters/secret-box/secret-box.ts';
import { createActHints } from '../../shared/adapters/sqs/act-hints.ts';
import { createEventSink } from '../../shared/adapters/sqs/events.ts';
import { createHints, createSqsClient } from '../../shared/adapters/sqs/hints.ts';
import { world } from '../../shared/adapters/world.ts';
import { readEnv } from '../../shared/config/env.ts';
import type { ActHint } from '../../shared/ports/act-hints.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { createLog, standardOutput } from '../../shared/telemetry/log.ts';
import { fireProactive } from '../../shared/use-cases/fire-proactive.ts';
import { performAction } from '../../shared/use-cases/perform-action.ts';
import { planRuns } from '../../shared/use-cases/plan-runs.ts';
import { runFiring } from '../../shared/use-cases/run-firing.ts';
import { bindAutomations } from '../../shared/use-cases/save-automation.ts';
import { eachAlone, queueHandler } from '../queue-handler.ts';
import { actHint } from './message.ts';

const env = readEnv('act');
const client = createDocumentClient();
const sqs = createSqsClient();
const control = { client, table: env.SLIPWAY_CONTROL_TABLE };
const bulk = { client, table: env.SLIPWAY_BULK_TABLE };
const log = createLog('act', standardOutput, world.now);
const telemetry = createTelemetry(log);
const ids = { newId: world.newId, now: world.now, sha256: world.sha256 };
const runStore = { ...control, ...ids, largeBodies: createLargeBodies(env.SLIPWAY_BODY_BUCKET) };

const stores = {
  world,
  telemetry,
  runs: createRuns(runStore),
  lanes: createLanes(control),
  plannedRuns: createPlannedRuns(runStore),
  limits: createLimits(control),
  runInputs: createRunInputs(control),
  taskRuns: createTaskRuns({ ...control, ...ids }),
  catalogue: createCatalogue({ ...control, ...ids, secretBox: createSecretBox(env, world.now) }),
  automations: createAutomations({ ...control, ...ids }),
  triggerStates: createTriggerStates({ ...control, ...ids }),
  firings: createFirings({ ...control, ...ids }),
  logs: createLogs({ ...bulk, sha256: world.sha256 }),
  eventStore: createEventStore({ ...bulk, now: world.now, days: env.SLIPWAY_EVENT_DAYS }),
  eventSink: createEventSink(sqs, env.SLIPWAY_EVENTS_QUEUE_URL, createLargeParts({ ...bulk, ...world })),
  hints: createHints(sqs, { submit: env.SLIPWAY_SUBMIT_QUEUE_URL, observe: env.SLIPWAY_OBSERVE_QUEUE_URL }, telemetry),
  actHints: createActHints(sqs, env.SLIPWAY_ACT_QUEUE_URL, telemetry),
  outgoing: createOutgoing({ allowsMachine: env.SLIPWAY_CALLS_TO_MACHINE === 'allowed' }),
};

const performing = {
  ...stores,
  automations: bindAutomations(stores),
  uiUrl: env.SLIPWAY_UI_URL ?? env.SLIPWAY_API_URL.replace(/\/api\/?$/, ''),
  planRuns: async (deploymentId: string) => void (await planRuns(stores, deploymentId)),
};

const firing = { ...stores, perform: (task: Parameters<typeof performAction>[1]) => performAction(performing, task) };

function take(hint: ActHint): Promise<void> {
  return hint.kind === 'firing' ? runFiring(firing, hint.firingId) : fireProactive(stores, hint.stateId);
}

export const handler = queueHandler({
  schema: actHint,
  log,
  handle: (messages) => eachAlone(messages, ({ value }) => take(value)),
});
