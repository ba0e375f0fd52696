// What whoever deploys may set, as CDK context (`-c slipway:launchRate=40`, or `context` in cdk.json).
// A value that cannot be meant stops the synthesis with a sentence; an unknown name does as well.
import { RemovalPolicy } from 'aws-cdk-lib';
import type { Node } from 'constructs';

export type Settings = {
  /** Launches a second that the account's quota for each type of Fargate capacity allows. @default 20 */
  readonly launchRate: number;
  /** Launches at once after a quiet time. @default 100 */
  readonly launchBurst: number;
  /** Calls a second of RunTask and StopTask together that the account's ECS API quota allows. @default 40 */
  readonly apiRate: number;
  /** Such calls at once. @default 100 */
  readonly apiBurst: number;
  /** Part of both that is StopTask's alone; the rest is RunTask's. @default 0.25 */
  readonly stopShare: number;
  /** Image of runs whose pool, deployment and run name none. @default Prefect's own image for the version we follow */
  readonly defaultImage: string;
  /** More clusters, by ARN, that runs may name; the stack's own is always allowed. @default none */
  readonly clusterArns: readonly string[];
  /** Task definitions of the user's own, by ARN (`…:task-definition/etl:*`). @default none */
  readonly taskDefinitionArns: readonly string[];
  /** Roles, by ARN, that job templates may name as task or execution role. @default none */
  readonly passRoleArns: readonly string[];
  /** How long events are kept, in days from when they happened. @default 7 */
  readonly eventDays: number;
  /** Whether events of task runs go to the EventBridge bus too; most events are theirs. @default false */
  readonly busTaskRuns: boolean;
  /** SNS topic, by ARN, that every alarm notifies. @default none: alarms only show */
  readonly alarmTopicArn: string | undefined;
  /** Stream, by ARN, of a restored control table that takes the place of the stack's own. @default the stack's own */
  readonly controlStreamArn: string | undefined;
  /** What becomes of tables, queues and task logs when their stack is deleted: `retain` or `destroy`. @default retain */
  readonly removalPolicy: RemovalPolicy;
};

const prefix = 'slipway:';
const defaultImage = 'prefecthq/prefect:3.8.8-python3.12';
const names = [
  'launchRate',
  'launchBurst',
  'apiRate',
  'apiBurst',
  'stopShare',
  'defaultImage',
  'clusterArns',
  'taskDefinitionArns',
  'passRoleArns',
  'eventDays',
  'busTaskRuns',
  'alarmTopicArn',
  'controlStreamArn',
  'removalPolicy',
] as const satisfies readonly (keyof Settings)[];
type Name = (typeof names)[number];

/** @throws Error that names the setting, what was seen and what was wanted */
export function readSettings(node: Node): Settings {
  refuseUnknownNames(node);
  return {
    launchRate: readPositive(node, 'launchRate') ?? 20,
    launchBurst: readPositive(node, 'launchBurst') ?? 100,
    apiRate: readPositive(node, 'apiRate') ?? 40,
    apiBurst: readPositive(node, 'apiBurst') ?? 100,
    stopShare: readShare(node, 'stopShare') ?? 0.25,
    defaultImage: readText(node, 'defaultImage') ?? defaultImage,
    clusterArns: readArns(node, 'clusterArns'),
    taskDefinitionArns: readArns(node, 'taskDefinitionArns'),
    passRoleArns: readArns(node, 'passRoleArns'),
    eventDays: readPositive(node, 'eventDays') ?? 7,
    busTaskRuns: readFlag(node, 'busTaskRuns') ?? false,
    alarmTopicArn: readText(node, 'alarmTopicArn'),
    controlStreamArn: readStreamArn(node),
    removalPolicy: readRemovalPolicy(node),
  };
}

function refuseUnknownNames(node: Node): void {
  const context: unknown = node.getAllContext();
  if (typeof context !== 'object' || context === null) return;
  const known = new Set<string>(names.map((name) => prefix + name));
  const unknown = Object.keys(context).find((key) => key.startsWith(prefix) && !known.has(key));
  if (unknown !== undefined) throw new Error(`unknown setting ${unknown}: wanted one of ${[...known].join(', ')}`);
}

function readText(node: Node, name: Name): string | undefined {
  const value: unknown = node.tryGetContext(prefix + name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw problem(name, value, 'text');
  return value;
}

/** The command line gives text, cdk.json gives numbers. */
function readPositive(node: Node, name: Name): number | undefined {
  const value: unknown = node.tryGetContext(prefix + name);
  if (value === undefined) return undefined;
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) {
    throw problem(name, value, 'a number above 0');
  }
  return number;
}

function readShare(node: Node, name: Name): number | undefined {
  const share = readPositive(node, name);
  if (share !== undefined && share >= 1) throw problem(name, share, 'a number between 0 and 1');
  return share;
}

/** The command line gives text, cdk.json true or false. */
function readFlag(node: Node, name: Name): boolean | undefined {
  const value: unknown = node.tryGetContext(prefix + name);
  if (value === undefined) return undefined;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw problem(name, value, 'true or false');
}

/** The command line gives ARNs with commas between them, cdk.json a list. */
function readArns(node: Node, name: Name): readonly string[] {
  const value: unknown = node.tryGetContext(prefix + name);
  if (value === undefined) return [];
  const entries: unknown[] = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value];
  return entries.map((entry) => {
    if (typeof entry !== 'string' || !entry.startsWith('arn:')) throw problem(name, entry, 'ARNs');
    return entry;
  });
}

function readStreamArn(node: Node): string | undefined {
  const value = readText(node, 'controlStreamArn');
  if (value === undefined || /^arn:[^:]+:dynamodb:[^:]+:\d+:table\/[^/]+\/stream\/.+$/.test(value)) return value;
  throw problem('controlStreamArn', value, "the ARN of a table's stream");
}

function readRemovalPolicy(node: Node): RemovalPolicy {
  const value = readText(node, 'removalPolicy') ?? 'retain';
  if (value === 'retain') return RemovalPolicy.RETAIN;
  if (value === 'destroy') return RemovalPolicy.DESTROY;
  throw problem('removalPolicy', value, 'retain or destroy');
}

function problem(name: Name, seen: unknown, wanted: string): Error {
  return new Error(`setting ${prefix}${name} must be ${wanted}, got ${JSON.stringify(seen)}`);
}
