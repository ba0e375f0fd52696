// The environment of the Lambdas, as a schema: what cdk must pass and what entry.ts may read.
// The only place that touches process.env; a missing or bad value stops the Lambda with a sentence.
import { z } from 'zod';
import { type StepName, socketTransports } from './resources.ts';

const text = z.string().min(1);
const list = text.transform((value) => value.split(',').filter((entry) => entry !== ''));
const positive = z.coerce.number().positive();

const tables = { SLIPWAY_CONTROL_TABLE: text, SLIPWAY_BULK_TABLE: text };
/** Where bodies of runs lie that no item holds. */
const bodyBucket = { SLIPWAY_BODY_BUCKET: text };
/** One of the two: a key of KMS where it is deployed, a key file on a machine. */
const secretKey = { SLIPWAY_SECRET_KEY_ARN: text.optional(), SLIPWAY_SECRET_KEY_FILE: text.optional() };
/** Which table it is, where the database cannot tell a copied file: then a copy would not start frozen. */
const tableIdentity = { SLIPWAY_TABLE_IDENTITY: text.optional() };
const submitQueue = { SLIPWAY_SUBMIT_QUEUE_URL: text };
const observeQueue = { SLIPWAY_OBSERVE_QUEUE_URL: text };
/** Where events go; `SLIPWAY_EVENT_DAYS` is how long the store keeps them (Prefect's default: 7). */
const eventsQueue = { SLIPWAY_EVENTS_QUEUE_URL: text, SLIPWAY_EVENT_DAYS: positive.default(7) };

/** Where automations that fired, and triggers that are due, are told of. */
const actQueue = { SLIPWAY_ACT_QUEUE_URL: text };

/** Where frames are sent to connections: the WebSocket API's address without its stage. */
const connections = { SLIPWAY_SOCKETS_URL: text };

/** The stack's own defaults for tasks: what a job template leaves open. */
const taskDefaults = {
  SLIPWAY_STACK: text,
  SLIPWAY_API_URL: text,
  SLIPWAY_CLUSTER_ARN: text,
  SLIPWAY_EXECUTION_ROLE_ARN: text,
  SLIPWAY_TASK_ROLE_ARN: text,
  SLIPWAY_SUBNETS: list,
  SLIPWAY_SECURITY_GROUPS: list,
  SLIPWAY_ASSIGN_PUBLIC_IP: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  SLIPWAY_TASK_LOG_GROUP: text,
  SLIPWAY_DEFAULT_IMAGE: text,
  SLIPWAY_AUTH_SECRET_ARN: text.optional(),
  SLIPWAY_UI_URL: text.optional(),
};

/** RunTask and StopTask share one quota of the ECS API (100 at once, 40 a second); a stated part is StopTask's alone. */
const apiRate = {
  SLIPWAY_API_RATE: positive.default(40),
  SLIPWAY_API_BURST: positive.default(100),
  SLIPWAY_STOP_SHARE: z.coerce.number().gt(0).lt(1).default(0.25),
};

const launchRate = {
  /** Launches a second and burst of each type of Fargate capacity, AWS's default quota. */
  SLIPWAY_LAUNCH_RATE: positive.default(20),
  SLIPWAY_LAUNCH_BURST: positive.default(100),
  ...apiRate,
};

const schemas = {
  api: z.object({
    ...tables,
    ...bodyBucket,
    ...submitQueue,
    ...observeQueue,
    ...eventsQueue,
    ...actQueue,
    ...connections,
    ...secretKey,
    ...tableIdentity,
    ...launchRate,
    SLIPWAY_AUTH_SECRET_ARN: text.optional(),
  }),
  trigger: z.object({ ...tables, ...bodyBucket, ...submitQueue, ...observeQueue }),
  submit: z.object({
    ...tables,
    ...bodyBucket,
    ...submitQueue,
    ...observeQueue,
    ...secretKey,
    ...tableIdentity,
    ...taskDefaults,
    ...launchRate,
  }),
  observe: z.object({
    ...tables,
    ...bodyBucket,
    ...submitQueue,
    ...observeQueue,
    ...eventsQueue,
    ...apiRate,
    SLIPWAY_STACK: text,
    SLIPWAY_CLUSTER_ARN: text,
  }),
  clock: z.object({
    ...tables,
    ...submitQueue,
    ...observeQueue,
    ...eventsQueue,
    ...actQueue,
    SLIPWAY_STACK: text,
    SLIPWAY_CLUSTER_ARN: text,
  }),
  publish: z.object({
    ...tables,
    ...bodyBucket,
    ...eventsQueue,
    SLIPWAY_PUBLISH_QUEUE_URL: text,
    SLIPWAY_BUS_NAME: text,
  }),
  events: z.object({
    ...tables,
    ...eventsQueue,
    ...actQueue,
    ...connections,
    SLIPWAY_PUBLISH_QUEUE_URL: text,
    /** Task-run events are most of all events, and the bus is charged by the event: they go there only if asked for. */
    SLIPWAY_BUS_TASK_RUNS: z.enum(['true', 'false']).default('false'),
  }),
  socket: z.object({
    ...tables,
    ...bodyBucket,
    ...eventsQueue,
    ...connections,
    /** The same for `/events/in`, which is an API of its own. */
    SLIPWAY_EVENTS_IN_URL: text,
    SLIPWAY_SOCKETS: z.enum(socketTransports),
    SLIPWAY_AUTH_SECRET_ARN: text.optional(),
  }),
  act: z.object({
    ...tables,
    ...bodyBucket,
    ...submitQueue,
    ...observeQueue,
    ...eventsQueue,
    ...actQueue,
    ...secretKey,
    /** Links in notifications lead to the web page; without one of its own it stands beside the API. */
    SLIPWAY_API_URL: text,
    SLIPWAY_UI_URL: text.optional(),
    /** Whether webhooks may call this very machine: on Lambda that would be its runtime and its credentials. */
    SLIPWAY_CALLS_TO_MACHINE: z.enum(['allowed', 'refused']).default('refused'),
  }),
} satisfies Record<StepName, z.ZodObject>;

/** What must be passed to each step's Lambda, as text: cdk and the local stack are typed by it. */
export type StepEnvironment = { [Step in StepName]: z.input<(typeof schemas)[Step]> };

export type StepConfig<Step extends StepName> = z.output<(typeof schemas)[Step]>;

/**
 * Reads the environment of one step.
 *
 * @throws Error naming each variable that is missing or malformed
 */
export function readEnv<Step extends StepName>(step: Step, source: NodeJS.ProcessEnv = process.env): StepConfig<Step> {
  const parsed = schemas[step].safeParse(source);
  if (parsed.success) return parsed.data as StepConfig<Step>;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`the environment of the ${step} Lambda is not usable: ${problems.join('; ')}`);
}

/** The region that Lambda itself names. */
export function readRegion(source: NodeJS.ProcessEnv = process.env): string {
  return source['AWS_REGION'] ?? 'us-east-1';
}
