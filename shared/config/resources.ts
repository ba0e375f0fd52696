// What the stack consists of: tables, indexes, queues, event sources and limits of each Lambda.
// The one table that the CDK app and the local stack both build from, so that neither can drift.

export const stepNames = [
  'api',
  'trigger',
  'submit',
  'observe',
  'clock',
  'publish',
  'events',
  'socket',
  'act',
] as const;
export type StepName = (typeof stepNames)[number];

export const queueNames = ['trigger', 'submit', 'observe', 'publish', 'events', 'act'] as const;
export type QueueName = (typeof queueNames)[number];

/** Time-outs in seconds, memory in MB. The api answers by itself within 20 s, before HTTP API's 30 s. */
export const lambdas = {
  api: { timeoutSeconds: 25, memoryMb: 1024 },
  trigger: { timeoutSeconds: 30, memoryMb: 512 },
  submit: { timeoutSeconds: 60, memoryMb: 1024 },
  observe: { timeoutSeconds: 30, memoryMb: 512 },
  clock: { timeoutSeconds: 55, memoryMb: 1024 },
  publish: { timeoutSeconds: 60, memoryMb: 512 },
  events: { timeoutSeconds: 60, memoryMb: 1024 },
  socket: { timeoutSeconds: 28, memoryMb: 512 },
  act: { timeoutSeconds: 60, memoryMb: 512 },
} as const satisfies Record<StepName, { timeoutSeconds: number; memoryMb: number }>;

export type QueueSettings = {
  /** At least six times the consumer's time-out (AWS's advice for Lambda event sources). */
  readonly visibilitySeconds: number;
  /** Receives before a message moves to the dead-letter queue. */
  readonly maxReceiveCount: number;
  readonly retentionDays: number;
};

export const queues = {
  trigger: { visibilitySeconds: 180, maxReceiveCount: 8, retentionDays: 14 },
  submit: { visibilitySeconds: 360, maxReceiveCount: 8, retentionDays: 4 },
  observe: { visibilitySeconds: 180, maxReceiveCount: 8, retentionDays: 14 },
  publish: { visibilitySeconds: 360, maxReceiveCount: 8, retentionDays: 14 },
  events: { visibilitySeconds: 360, maxReceiveCount: 8, retentionDays: 14 },
  act: { visibilitySeconds: 360, maxReceiveCount: 8, retentionDays: 4 },
} as const satisfies Record<QueueName, QueueSettings>;

export type QueueSource = {
  readonly queue: QueueName;
  readonly step: StepName;
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  /** Concurrent invocations; AWS takes 2 at the least. */
  readonly maxConcurrency: number;
};

/** Every source reports partial batch failures (`ReportBatchItemFailures`). */
export const queueSources = [
  { queue: 'trigger', step: 'trigger', batchSize: 10, batchWindowSeconds: 0, maxConcurrency: 10 },
  { queue: 'submit', step: 'submit', batchSize: 10, batchWindowSeconds: 0, maxConcurrency: 3 },
  { queue: 'observe', step: 'observe', batchSize: 10, batchWindowSeconds: 0, maxConcurrency: 4 },
  { queue: 'publish', step: 'publish', batchSize: 10, batchWindowSeconds: 0, maxConcurrency: 2 },
  { queue: 'events', step: 'events', batchSize: 10, batchWindowSeconds: 0, maxConcurrency: 10 },
  { queue: 'act', step: 'act', batchSize: 5, batchWindowSeconds: 0, maxConcurrency: 10 },
] as const satisfies readonly QueueSource[];

/** The control table's stream feeds publish; one invocation a shard at a time keeps the counters' checkpoint simple. */
export const streamSource = {
  step: 'publish',
  batchSize: 50,
  batchWindowSeconds: 0,
  parallelizationFactor: 1,
  /** A tumbling window makes Lambda name the shard in each event (`shardId`), which the counters' checkpoint needs. */
  tumblingWindowSeconds: 60,
  bisectOnError: true,
  maxRetries: 10_000,
  maxRecordAgeSeconds: 86_000,
  /**
   * Heads of runs, and whatever else events tell of. Counters and checkpoints, which publish itself writes with every
   * batch, must not call it again.
   */
  filters: [
    { dynamodb: { Keys: { sk: { S: ['head'] } } } },
    { dynamodb: { Keys: { pk: { S: ['flow', 'deployment', 'work_pool', 'work_queue', 'variable', 'status'] } } } },
    { dynamodb: { Keys: { pk: { S: [{ prefix: 'worker#' }] } } } },
  ],
} as const;

export type IndexSettings = {
  readonly partitionKey: string;
  readonly sortKey: { readonly name: string; readonly type: 'S' | 'N' };
  readonly projected: readonly string[];
};

/** Items are `pk`, `sk` (both text). Every index is sparse and its partition key is sharded. */
export const controlTable = {
  partitionKey: 'pk',
  sortKey: 'sk',
  ttl: 'expires_at',
  indexes: {
    due: {
      partitionKey: 'due_key',
      sortKey: { name: 'due_at', type: 'N' },
      projected: ['lane', 'task_arn', 'cluster'],
    },
    lane: { partitionKey: 'lane_key', sortKey: { name: 'lane_at', type: 'S' }, projected: ['state_type'] },
    runs: { partitionKey: 'list_key', sortKey: { name: 'list_at', type: 'S' }, projected: ['state_type'] },
    parent: { partitionKey: 'parent_key', sortKey: { name: 'parent_at', type: 'S' }, projected: ['state_type'] },
  },
} as const satisfies {
  partitionKey: string;
  sortKey: string;
  ttl: string;
  indexes: Record<string, IndexSettings>;
};

export type ControlIndex = keyof typeof controlTable.indexes;

/** Logs and events: no stream, no index. */
export const bulkTable = { partitionKey: 'pk', sortKey: 'sk', ttl: 'expires_at' } as const;

/** How many partitions an index key is spread over (run id mod N). */
export const indexShards = 8;

/** EventBridge: what our queues subscribe to. `bus` is `default` or the stack's own `slipway` bus. */
export const eventRules = [
  {
    name: 'ecs-task-state',
    bus: 'default',
    queue: 'observe',
    /** RUNNING and STOPPED decide, and carry the timings of what came before. Cluster ARNs are added by whoever deploys the rule. */
    pattern: {
      source: ['aws.ecs'],
      'detail-type': ['ECS Task State Change'],
      detail: { lastStatus: ['RUNNING', 'STOPPED'] },
    },
    ofOurClusters: true,
  },
  {
    name: 'run-requested-default',
    bus: 'default',
    queue: 'trigger',
    pattern: { 'detail-type': ['Slipway Run Requested'] },
    ofOurClusters: false,
  },
  {
    name: 'run-requested',
    bus: 'slipway',
    queue: 'trigger',
    pattern: { 'detail-type': ['Slipway Run Requested'] },
    ofOurClusters: false,
  },
] as const;

/** EventBridge Scheduler calls the clock with `{ "scheduledTime": "<aws.scheduler.scheduled-time>" }`; no retries. */
export const clockSchedule = { expression: 'rate(1 minute)', maxRetries: 0 } as const;

export const logRetentionDays = 30;
export const metricNamespace = 'Slipway';
export const busName = 'slipway';

/**
 * The WebSockets of Prefect's API, below its base path. Each kind is a stage of a WebSocket API of API Gateway, whose
 * stages have no paths of their own. Frames of `events-in` go straight into the queue `events`, all others to `socket`.
 */
export const sockets = [
  { kind: 'events-in', path: '/events/in' },
  { kind: 'events-out', path: '/events/out' },
  { kind: 'logs-out', path: '/logs/out' },
  { kind: 'task-runs', path: '/task_runs/subscriptions/scheduled' },
] as const;

/** `aws`: with the limits and close codes of API Gateway; `local`: without. */
export const socketTransports = ['local', 'aws'] as const;
export type SocketTransport = (typeof socketTransports)[number];

/** API Gateway's limits of a WebSocket (Amazon API Gateway quotas, "WebSocket APIs"). */
export const socketLimits = {
  frameBytes: 32 * 1024,
  messageBytes: 128 * 1024,
  idleSeconds: 600,
  connectionSeconds: 7200,
} as const;

/** Frames above this are kept in the bulk table, and their message only names them. */
export const largestFrameInMessageBytes = 200_000;
