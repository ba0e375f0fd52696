// Task definitions: families whose revisions only count up, checked as AWS checks them when they are registered.
// Rule: a registered revision never changes, save its status and tags.

import { type AwsService, unknownOperation } from '../aws-endpoint.ts';
import type { EcsDatabase } from './database.ts';
import { cpuUnits, isFargateSize, memoryMebibytes } from './fargate-sizes.ts';
import {
  type ContainerDefinition,
  checkTags,
  clientError,
  describeDefinitionInput,
  invalidParameter,
  listDefinitionsInput,
  pageOf,
  parseInput,
  type RegisterInput,
  registerInput,
} from './input.ts';
import { account, parseTaskDefinitionName, taskDefinitionArn } from './names.ts';
import type { Tag, TaskDefinitionRecord } from './records.ts';

export class TaskDefinitions {
  readonly #database: EcsDatabase;
  readonly #now: () => number;
  readonly #families = new Map<string, TaskDefinitionRecord[]>();

  constructor(database: EcsDatabase, now: () => number) {
    this.#database = database;
    this.#now = now;
    for (const definition of database.definitions()) this.#remember(definition);
  }

  /** The operations about task definitions; the others are not known here. */
  readonly service: AwsService = async (operation, input) => {
    switch (operation) {
      case 'RegisterTaskDefinition':
        return this.#register(input);
      case 'DescribeTaskDefinition':
        return this.#describe(input);
      case 'DeregisterTaskDefinition':
        return this.#deregister(input);
      case 'ListTaskDefinitions':
        return this.#list(input);
      default:
        throw unknownOperation(operation);
    }
  };

  /** Finds `family` (its newest ACTIVE revision), `family:revision` or an ARN. */
  find(name: string): TaskDefinitionRecord | undefined {
    const parsed = parseTaskDefinitionName(name);
    if (parsed === undefined) return undefined;
    const revisions = this.#families.get(parsed.family) ?? [];
    if (parsed.revision !== undefined) return revisions[parsed.revision - 1];
    return revisions.findLast((definition) => definition.status === 'ACTIVE');
  }

  /** Adds tags to a definition; false where there is none of this name. */
  tag(name: string, tags: readonly Tag[]): boolean {
    const definition = this.find(name);
    if (definition === undefined) return false;
    const kept = definition.tags.filter((old) => !tags.some((tag) => tag.key === old.key));
    this.#save({ ...definition, tags: [...kept, ...tags] });
    return true;
  }

  #remember(definition: TaskDefinitionRecord): void {
    const revisions = this.#families.get(definition.family) ?? [];
    revisions[definition.revision - 1] = definition;
    this.#families.set(definition.family, revisions);
  }

  #save(definition: TaskDefinitionRecord): void {
    this.#database.putDefinition(definition);
    this.#remember(definition);
  }

  #register(input: unknown): Record<string, unknown> {
    const parsed = parseInput(registerInput, input);
    checkDefinition(parsed);
    const revision = (this.#families.get(parsed.family)?.length ?? 0) + 1;
    const { tags } = parsed;
    const wire = wireDefinition(parsed, { revision, registeredAt: this.#now() / 1000 });
    const definition = { family: parsed.family, revision, status: 'ACTIVE', wire, tags } as const;
    this.#save(definition);
    return { taskDefinition: wire, tags };
  }

  #describe(input: unknown): Record<string, unknown> {
    const { taskDefinition, include } = parseInput(describeDefinitionInput, input);
    const definition = this.find(taskDefinition);
    if (definition === undefined) throw clientError('Unable to describe task definition.');
    return { taskDefinition: definition.wire, tags: include.includes('TAGS') ? definition.tags : [] };
  }

  #deregister(input: unknown): Record<string, unknown> {
    const { taskDefinition } = parseInput(describeDefinitionInput, input);
    if (parseTaskDefinitionName(taskDefinition)?.revision === undefined) throw clientError('Revision is missing.');
    const definition = this.find(taskDefinition);
    if (definition === undefined) throw clientError('Unable to describe task definition.');
    const wire = { ...definition.wire, status: 'INACTIVE', deregisteredAt: this.#now() / 1000 };
    this.#save({ ...definition, status: 'INACTIVE', wire });
    return { taskDefinition: wire };
  }

  #list(input: unknown): Record<string, unknown> {
    const { familyPrefix, status, sort, ...page } = parseInput(listDefinitionsInput, input);
    // AWS calls it a prefix but compares the whole name.
    const families = [...this.#families.keys()].filter(
      (family) => familyPrefix === undefined || family === familyPrefix,
    );
    const arns = families
      .toSorted()
      .flatMap((family) => this.#families.get(family) ?? [])
      .filter((definition) => definition.status === status)
      .map((definition) => taskDefinitionArn(definition.family, definition.revision));
    const { items, nextToken } = pageOf(sort === 'DESC' ? arns.toReversed() : arns, page);
    return { taskDefinitionArns: items, nextToken };
  }
}

function wireDefinition(
  input: RegisterInput,
  { revision, registeredAt }: { revision: number; registeredAt: number },
): Record<string, unknown> {
  const { tags, ...given } = input;
  return {
    volumes: [],
    placementConstraints: [],
    ...given,
    ...(input.cpu !== undefined && { cpu: cpuUnits(input.cpu) }),
    ...(input.memory !== undefined && { memory: memoryMebibytes(input.memory) }),
    containerDefinitions: input.containerDefinitions.map((container) => ({
      portMappings: [],
      mountPoints: [],
      volumesFrom: [],
      systemControls: [],
      ...container,
    })),
    taskDefinitionArn: taskDefinitionArn(input.family, revision),
    revision,
    status: 'ACTIVE',
    requiresAttributes: [],
    compatibilities: input.networkMode === 'awsvpc' ? ['EC2', 'FARGATE'] : ['EXTERNAL', 'EC2'],
    registeredAt,
    registeredBy: `arn:aws:iam::${account}:root`,
  };
}

function checkDefinition(definition: RegisterInput): void {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(definition.family)) {
    throw clientError('Family contains invalid characters. Up to 255 letters, numbers, hyphens and underscores fit.');
  }
  checkTags(definition.tags);
  checkContainers(definition.containerDefinitions);
  if (definition.requiresCompatibilities.includes('FARGATE')) checkFargate(definition);
}

function checkContainers(containers: readonly ContainerDefinition[]): void {
  if (containers.length === 0) throw clientError('Container list cannot be empty.');
  const names = new Set<string>();
  for (const { name, stopTimeout } of containers) {
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(name)) throw clientError(`Invalid container name: ${name}`);
    if (names.has(name)) throw clientError(`Container definition names must be unique: ${name}`);
    if (stopTimeout !== undefined && stopTimeout < 0) throw invalidParameter('stopTimeout cannot be negative.');
    names.add(name);
  }
  if (!containers.some((container) => container.essential)) {
    throw clientError('At least one container in the task definition must be essential.');
  }
}

function checkFargate({ cpu, memory, networkMode, executionRoleArn, containerDefinitions }: RegisterInput): void {
  if (networkMode !== 'awsvpc') throw clientError("Fargate only supports network mode 'awsvpc'.");
  if (cpu === undefined) throw clientError("Fargate requires that 'cpu' be defined at the task level.");
  if (memory === undefined) throw clientError("Fargate requires that 'memory' be defined at the task level.");
  if (!isFargateSize(cpuUnits(cpu), memoryMebibytes(memory))) {
    throw clientError(`No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory.`);
  }
  for (const { logConfiguration, secrets, stopTimeout } of containerDefinitions) {
    if (stopTimeout !== undefined && stopTimeout > 120) {
      throw clientError('Fargate requires that stopTimeout be at most 120 seconds.');
    }
    const needsRole =
      logConfiguration?.logDriver === 'awslogs' ? 'log driver awslogs' : secrets.length > 0 && 'secrets';
    if (needsRole !== false && executionRoleArn === undefined) {
      throw clientError(`Fargate requires task definition to have execution role ARN to support ${needsRole}.`);
    }
  }
}
