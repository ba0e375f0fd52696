// Makes the record of a new task: the definition with the request's overrides laid over it.
// Rule: after this the definition is not read again, so deregistering it changes no task.

import { randomUUID } from 'node:crypto';
import { type ContainerDefinition, type ContainerOverride, containerDefinition, type RunTaskInput } from './input.ts';
import { clusterArn, containerArn, taskArn, taskDefinitionArn } from './names.ts';
import type { ContainerLaunch, ContainerRecord, TaskDefinitionRecord, TaskRecord } from './records.ts';
import { privateAddress } from './task-view.ts';

// What ECS waits between SIGTERM and SIGKILL where the container says nothing.
const defaultStopTimeoutSeconds = 30;

export type NewTaskFacts = {
  readonly clusterName: string;
  readonly definition: TaskDefinitionRecord;
  readonly input: RunTaskInput;
  readonly now: number;
};

export function newTask({ clusterName, definition, input, now }: NewTaskFacts): TaskRecord {
  const id = randomUUID().replaceAll('-', '');
  const overrides = input.overrides;
  const cpu = overrides?.cpu ?? text(definition.wire['cpu']);
  const memory = overrides?.memory ?? text(definition.wire['memory']);
  const inheritedTags = input.propagateTags === 'TASK_DEFINITION' ? definition.tags : [];
  return {
    id,
    arn: taskArn(clusterName, id),
    clusterArn: clusterArn(clusterName),
    taskDefinitionArn: taskDefinitionArn(definition.family, definition.revision),
    family: definition.family,
    group: input.group ?? `family:${definition.family}`,
    ...(input.startedBy !== undefined && { startedBy: input.startedBy }),
    ...capacity(input),
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
    enableExecuteCommand: input.enableExecuteCommand,
    overrides: {
      containerOverrides: overridesShown(definition, input),
      inferenceAcceleratorOverrides: [],
      ...sizes(input),
    },
    attachments: attachments(input, id),
    tags: [...inheritedTags.filter((old) => !input.tags.some((tag) => tag.key === old.key)), ...input.tags],
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    version: 1,
    createdAt: now,
    updatedAt: now,
    containers: newContainers({ clusterName, definition, input }, id),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function sizes({ overrides }: RunTaskInput): { cpu?: string; memory?: string } {
  return {
    ...(overrides?.cpu !== undefined && { cpu: overrides.cpu }),
    ...(overrides?.memory !== undefined && { memory: overrides.memory }),
  };
}

function capacity(input: RunTaskInput): Pick<TaskRecord, 'launchType' | 'capacityProviderName' | 'platformVersion'> {
  const provider = input.capacityProviderStrategy[0]?.capacityProvider;
  const launchType = provider?.startsWith('FARGATE') ? 'FARGATE' : (input.launchType ?? 'EC2');
  const version =
    input.platformVersion === undefined || input.platformVersion === 'LATEST' ? '1.4.0' : input.platformVersion;
  return {
    launchType,
    ...(provider !== undefined && { capacityProviderName: provider }),
    ...(launchType === 'FARGATE' && { platformVersion: version }),
  };
}

/** As AWS shows them: every container is named, overridden or not. */
function overridesShown(definition: TaskDefinitionRecord, input: RunTaskInput): Record<string, unknown>[] {
  return definitionContainers(definition).map(({ name }) => overrideFor(input, name) ?? { name });
}

function overrideFor(input: RunTaskInput, name: string): ContainerOverride | undefined {
  return input.overrides?.containerOverrides.find((override) => override.name === name);
}

/** The containers of a definition. */
export function definitionContainers(definition: TaskDefinitionRecord): ContainerDefinition[] {
  return containerDefinition.array().parse(definition.wire['containerDefinitions']);
}

function attachments({ networkConfiguration }: RunTaskInput, taskId: string): Record<string, unknown>[] {
  const subnet = networkConfiguration?.awsvpcConfiguration?.subnets[0];
  if (subnet === undefined) return [];
  const details = [
    { name: 'subnetId', value: subnet },
    { name: 'networkInterfaceId', value: `eni-${taskId.slice(0, 17)}` },
    { name: 'privateIPv4Address', value: privateAddress(taskId) },
  ];
  return [{ id: randomUUID(), type: 'eni', details }];
}

function newContainers(facts: Omit<NewTaskFacts, 'now'>, taskId: string): ContainerRecord[] {
  return definitionContainers(facts.definition).map((container) => {
    const override = overrideFor(facts.input, container.name);
    const memory = override?.memory ?? container.memory;
    const memoryReservation = override?.memoryReservation ?? container.memoryReservation;
    return {
      name: container.name,
      arn: containerArn(facts.clusterName, taskId, randomUUID()),
      image: container.image,
      essential: container.essential,
      lastStatus: 'PENDING',
      runtimeId: `${taskId}-${randomUUID().replace(/\D/g, '').slice(0, 10)}`,
      cpu: String(override?.cpu ?? container.cpu),
      ...(memory !== undefined && { memory: String(memory) }),
      ...(memoryReservation !== undefined && { memoryReservation: String(memoryReservation) }),
      generation: 1,
      launch: launchOf(container, override, taskId),
    };
  });
}

function launchOf(
  container: ContainerDefinition,
  override: ContainerOverride | undefined,
  taskId: string,
): ContainerLaunch {
  const environment = new Map(container.environment.map(({ name, value }) => [name, value]));
  for (const { name, value } of override?.environment ?? []) environment.set(name, value);
  const log = logStream(container, taskId);
  return {
    entryPoint: container.entryPoint,
    command: override?.command ?? container.command,
    environment: [...environment].map(([name, value]) => ({ name, value })),
    secrets: container.secrets.map(({ name, valueFrom }) => ({ name, valueFrom })),
    ...(container.workingDirectory !== undefined && { workingDirectory: container.workingDirectory }),
    stopTimeoutSeconds: container.stopTimeout ?? defaultStopTimeoutSeconds,
    ...(log !== undefined && { log }),
  };
}

/** The stream that the awslogs driver names `prefix/container/task`. Without a prefix Docker names it by itself. */
function logStream({ name, logConfiguration }: ContainerDefinition, taskId: string): ContainerLaunch['log'] {
  const group = logConfiguration?.options['awslogs-group'];
  if (logConfiguration?.logDriver !== 'awslogs' || group === undefined) return undefined;
  const prefix = logConfiguration.options['awslogs-stream-prefix'];
  return { group, stream: prefix === undefined ? `${name}-${taskId}` : `${prefix}/${name}/${taskId}` };
}
