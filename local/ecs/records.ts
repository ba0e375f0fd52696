// What the local ECS remembers: definitions, tasks, their containers. Times are epoch milliseconds.
// Rule: records are values; a change is a new record, saved before anyone hears of it.

import { z } from 'zod';

const environmentEntry = z.object({ name: z.string(), value: z.string() });
const secretEntry = z.object({ name: z.string(), valueFrom: z.string() });

/** How a container is started: the definition with the overrides laid over it, fixed when RunTask was called. */
const launchSchema = z.object({
  entryPoint: z.array(z.string()),
  command: z.array(z.string()),
  environment: z.array(environmentEntry),
  secrets: z.array(secretEntry),
  workingDirectory: z.string().optional(),
  stopTimeoutSeconds: z.number(),
  log: z.object({ group: z.string(), stream: z.string() }).optional(),
});

const containerSchema = z.object({
  name: z.string(),
  arn: z.string(),
  image: z.string(),
  essential: z.boolean(),
  lastStatus: z.enum(['PENDING', 'RUNNING', 'STOPPED']),
  exitCode: z.number().optional(),
  reason: z.string().optional(),
  runtimeId: z.string(),
  cpu: z.string(),
  memory: z.string().optional(),
  memoryReservation: z.string().optional(),
  /** Which attempt to start the process is current; a later one needs proof that the former never ran. */
  generation: z.number(),
  launch: launchSchema,
});

const tagSchema = z.object({ key: z.string(), value: z.string() });

const taskSchema = z.object({
  id: z.string(),
  arn: z.string(),
  clusterArn: z.string(),
  taskDefinitionArn: z.string(),
  family: z.string(),
  group: z.string(),
  startedBy: z.string().optional(),
  launchType: z.string().optional(),
  capacityProviderName: z.string().optional(),
  platformVersion: z.string().optional(),
  cpu: z.string().optional(),
  memory: z.string().optional(),
  enableExecuteCommand: z.boolean(),
  overrides: z.record(z.string(), z.unknown()),
  attachments: z.array(z.record(z.string(), z.unknown())),
  tags: z.array(tagSchema),
  lastStatus: z.enum(['PROVISIONING', 'PENDING', 'RUNNING', 'STOPPING', 'STOPPED']),
  desiredStatus: z.enum(['RUNNING', 'STOPPED']),
  version: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
  pullStartedAt: z.number().optional(),
  pullStoppedAt: z.number().optional(),
  startedAt: z.number().optional(),
  stoppingAt: z.number().optional(),
  executionStoppedAt: z.number().optional(),
  stoppedAt: z.number().optional(),
  stopCode: z
    .enum(['TaskFailedToStart', 'EssentialContainerExited', 'UserInitiated', 'InfrastructureHealth'])
    .optional(),
  stoppedReason: z.string().optional(),
  containers: z.array(containerSchema),
});

const definitionSchema = z.object({
  family: z.string(),
  revision: z.number(),
  status: z.enum(['ACTIVE', 'INACTIVE']),
  /** The definition as DescribeTaskDefinition gives it. */
  wire: z.record(z.string(), z.unknown()),
  tags: z.array(tagSchema),
});

export type Tag = z.infer<typeof tagSchema>;
export type ContainerLaunch = Readonly<z.infer<typeof launchSchema>>;
export type ContainerRecord = Readonly<z.infer<typeof containerSchema>>;
export type TaskRecord = Readonly<z.infer<typeof taskSchema>>;
export type TaskDefinitionRecord = Readonly<z.infer<typeof definitionSchema>>;
export type StopCode = NonNullable<TaskRecord['stopCode']>;

export function readTask(json: string): TaskRecord {
  return taskSchema.parse(JSON.parse(json));
}

export function readDefinition(json: string): TaskDefinitionRecord {
  return definitionSchema.parse(JSON.parse(json));
}

/** The task with one of its containers changed. */
export function withContainer(task: TaskRecord, name: string, change: Partial<ContainerRecord>): ContainerRecord[] {
  return task.containers.map((container) => (container.name === name ? { ...container, ...change } : container));
}
