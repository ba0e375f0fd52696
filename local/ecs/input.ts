// Reads the input of ECS operations: unknown JSON in, typed values out, AWS's errors for what does not fit.
// Rule: members that nothing here reads pass through untouched.

import { z } from 'zod';
import { AwsError } from '../aws-endpoint.ts';

const keyValue = z.looseObject({ name: z.string(), value: z.string().default('') });
const secret = z.looseObject({ name: z.string(), valueFrom: z.string() });
const tags = z.array(z.looseObject({ key: z.string(), value: z.string().default('') }));

export const containerDefinition = z.looseObject({
  name: z.string().min(1),
  image: z.string().min(1),
  essential: z.boolean().default(true),
  cpu: z.number().default(0),
  memory: z.number().optional(),
  memoryReservation: z.number().optional(),
  entryPoint: z.array(z.string()).default([]),
  command: z.array(z.string()).default([]),
  environment: z.array(keyValue).default([]),
  secrets: z.array(secret).default([]),
  workingDirectory: z.string().optional(),
  stopTimeout: z.number().optional(),
  logConfiguration: z
    .looseObject({ logDriver: z.string(), options: z.record(z.string(), z.string()).default({}) })
    .optional(),
});

export const registerInput = z.looseObject({
  family: z.string(),
  containerDefinitions: z.array(containerDefinition).default([]),
  networkMode: z.string().optional(),
  requiresCompatibilities: z.array(z.string()).default([]),
  cpu: z.string().optional(),
  memory: z.string().optional(),
  executionRoleArn: z.string().optional(),
  tags: tags.default([]),
});

export const describeDefinitionInput = z.looseObject({
  taskDefinition: z.string(),
  include: z.array(z.string()).default([]),
});

export const listDefinitionsInput = z.looseObject({
  familyPrefix: z.string().optional(),
  status: z.enum(['ACTIVE', 'INACTIVE', 'DELETE_IN_PROGRESS']).default('ACTIVE'),
  sort: z.enum(['ASC', 'DESC']).default('ASC'),
  maxResults: z.number().optional(),
  nextToken: z.string().optional(),
});

const containerOverride = z.looseObject({
  name: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.array(keyValue).default([]),
  cpu: z.number().optional(),
  memory: z.number().optional(),
  memoryReservation: z.number().optional(),
});

export const runTaskInput = z.looseObject({
  cluster: z.string().default('default'),
  taskDefinition: z.string(),
  count: z.number().default(1),
  clientToken: z.string().optional(),
  startedBy: z.string().optional(),
  group: z.string().optional(),
  launchType: z.string().optional(),
  capacityProviderStrategy: z.array(z.looseObject({ capacityProvider: z.string() })).default([]),
  platformVersion: z.string().optional(),
  networkConfiguration: z
    .looseObject({
      awsvpcConfiguration: z
        .looseObject({ subnets: z.array(z.string()), securityGroups: z.array(z.string()).optional() })
        .optional(),
    })
    .optional(),
  overrides: z
    .looseObject({
      containerOverrides: z.array(containerOverride).default([]),
      cpu: z.string().optional(),
      memory: z.string().optional(),
    })
    .optional(),
  enableExecuteCommand: z.boolean().default(false),
  propagateTags: z.string().optional(),
  tags: tags.default([]),
});

export const stopTaskInput = z.looseObject({
  cluster: z.string().default('default'),
  task: z.string(),
  reason: z.string().optional(),
});

export const describeTasksInput = z.looseObject({
  cluster: z.string().default('default'),
  tasks: z.array(z.string()),
  include: z.array(z.string()).default([]),
});

export const listTasksInput = z.looseObject({
  cluster: z.string().default('default'),
  family: z.string().optional(),
  startedBy: z.string().optional(),
  desiredStatus: z.enum(['RUNNING', 'PENDING', 'STOPPED']).optional(),
  launchType: z.string().optional(),
  containerInstance: z.string().optional(),
  serviceName: z.string().optional(),
  maxResults: z.number().optional(),
  nextToken: z.string().optional(),
});

export const tagResourceInput = z.looseObject({ resourceArn: z.string(), tags });

export type RegisterInput = z.infer<typeof registerInput>;
export type ContainerDefinition = z.infer<typeof containerDefinition>;
export type ContainerOverride = z.infer<typeof containerOverride>;
export type RunTaskInput = z.infer<typeof runTaskInput>;

export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

export function clientError(message: string): AwsError {
  return new AwsError('ClientException', message);
}

/** Parses the input; a member of the wrong type is an InvalidParameterException that names it. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw invalidParameter(problems.join('; '));
}

/** Checks AWS's rules for tags that a user gives. */
export function checkTags(given: readonly { readonly key: string; readonly value: string }[]): void {
  if (given.length > 50) throw invalidParameter(`Tags can have at most 50 items, got ${given.length}.`);
  for (const { key, value } of given) {
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key) || /^aws:/i.test(key)) {
      throw invalidParameter(`Invalid tag key: ${key}`);
    }
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)) throw invalidParameter(`Invalid tag value for ${key}`);
  }
}

type Page<Item> = { readonly items: Item[]; readonly nextToken?: string };

/** Cuts a page out of an ordered list; the token is the last item of the page before, so it survives changes. */
export function pageOf<Item extends string>(
  all: readonly Item[],
  { maxResults = 100, nextToken }: { maxResults?: number | undefined; nextToken?: string | undefined },
): Page<Item> {
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > 100) {
    throw invalidParameter('maxResults must be between 1 and 100.');
  }
  const after = nextToken === undefined ? 0 : positionAfter(all, nextToken);
  const items = all.slice(after, after + maxResults);
  const last = items.at(-1);
  if (last === undefined || after + maxResults >= all.length) return { items };
  return { items, nextToken: Buffer.from(`${after + maxResults}:${last}`).toString('base64url') };
}

function positionAfter(all: readonly string[], nextToken: string): number {
  const match = /^(?<index>\d+):(?<last>.+)$/s.exec(Buffer.from(nextToken, 'base64url').toString('utf8'));
  if (match === null) throw invalidParameter('Invalid nextToken.');
  const found = all.indexOf(match.groups?.['last'] ?? '');
  return found >= 0 ? found + 1 : Number(match.groups?.['index']);
}
