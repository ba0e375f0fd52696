// The environment of the Lambdas on this machine, typed by each Lambda's own schema.
// Rule: it replaces every AWS and Slipway variable of the operator; none of those reaches a Lambda.

import type { StepEnvironment } from '../shared/config/env.ts';
import { busName, type SocketTransport } from '../shared/config/resources.ts';
import {
  type AwsEndpoints,
  bodyBucketName,
  bulkTableName,
  controlTableName,
  localSubnets,
  ourClusterArn,
  roleArn,
  sdkVariables,
  taskLogGroup,
} from './account.ts';
import type { LocalQueue } from './queue.ts';

export type EnvironmentOptions = {
  readonly endpoints: AwsEndpoints;
  readonly queueUrls: LocalQueue['urls'];
  /** `http://127.0.0.1:PORT/api` */
  readonly apiUrl: string;
  /** Where frames are sent to connections, `http://127.0.0.1:PORT`. */
  readonly socketsUrl: string;
  readonly sockets: SocketTransport;
  /** The key that seals secrets. */
  readonly secretKeyFile: string;
  /** Which file the table is; undefined where the database is none of ours. */
  readonly tableIdentity?: string | undefined;
  readonly launchRate?: string | undefined;
  readonly launchBurst?: string | undefined;
  readonly busTaskRuns?: 'true' | 'false';
};

function stepEnvironment(options: EnvironmentOptions): StepEnvironment {
  const { queueUrls, apiUrl, socketsUrl, sockets, secretKeyFile, tableIdentity, ...others } = options;
  const { busTaskRuns = 'false', ...rates } = others;
  const tables = { SLIPWAY_CONTROL_TABLE: controlTableName, SLIPWAY_BULK_TABLE: bulkTableName };
  const bodies = { SLIPWAY_BODY_BUCKET: bodyBucketName };
  const queues = { SLIPWAY_SUBMIT_QUEUE_URL: queueUrls.submit, SLIPWAY_OBSERVE_QUEUE_URL: queueUrls.observe };
  const events = { SLIPWAY_EVENTS_QUEUE_URL: queueUrls.events };
  const connections = { SLIPWAY_SOCKETS_URL: socketsUrl };
  const act = { SLIPWAY_ACT_QUEUE_URL: queueUrls.act };
  const identity = tableIdentity === undefined ? {} : { SLIPWAY_TABLE_IDENTITY: tableIdentity };
  const secretKey = { SLIPWAY_SECRET_KEY_FILE: secretKeyFile };
  const launches = {
    ...(rates.launchRate === undefined ? {} : { SLIPWAY_LAUNCH_RATE: rates.launchRate }),
    ...(rates.launchBurst === undefined ? {} : { SLIPWAY_LAUNCH_BURST: rates.launchBurst }),
    ...apiQuota(rates),
  };
  const api = apiQuota(rates);
  const cluster = { SLIPWAY_STACK: 'local', SLIPWAY_CLUSTER_ARN: ourClusterArn };
  return {
    api: { ...tables, ...bodies, ...queues, ...events, ...act, ...connections, ...secretKey, ...identity, ...launches },
    trigger: { ...tables, ...bodies, ...queues },
    submit: {
      ...tables,
      ...bodies,
      ...queues,
      ...secretKey,
      ...identity,
      ...cluster,
      SLIPWAY_API_URL: apiUrl,
      SLIPWAY_EXECUTION_ROLE_ARN: roleArn('slipway-task-execution'),
      SLIPWAY_TASK_ROLE_ARN: roleArn('slipway-task'),
      SLIPWAY_SUBNETS: localSubnets.join(','),
      SLIPWAY_SECURITY_GROUPS: 'sg-00000000000000001',
      SLIPWAY_TASK_LOG_GROUP: taskLogGroup,
      SLIPWAY_DEFAULT_IMAGE: 'prefecthq/prefect:3-latest',
      ...launches,
    },
    observe: { ...tables, ...bodies, ...queues, ...events, ...api, ...cluster },
    clock: { ...tables, ...queues, ...events, ...act, ...cluster },
    publish: {
      ...tables,
      ...bodies,
      ...events,
      SLIPWAY_PUBLISH_QUEUE_URL: queueUrls.publish,
      SLIPWAY_BUS_NAME: busName,
    },
    events: {
      ...tables,
      ...events,
      ...act,
      ...connections,
      SLIPWAY_PUBLISH_QUEUE_URL: queueUrls.publish,
      SLIPWAY_BUS_TASK_RUNS: busTaskRuns,
    },
    socket: {
      ...tables,
      ...bodies,
      ...events,
      ...connections,
      SLIPWAY_EVENTS_IN_URL: socketsUrl,
      SLIPWAY_SOCKETS: sockets,
    },
    act: {
      ...tables,
      ...bodies,
      ...queues,
      ...events,
      ...act,
      ...secretKey,
      SLIPWAY_API_URL: apiUrl,
      SLIPWAY_CALLS_TO_MACHINE: 'allowed',
    },
  };
}

/** Nobody's quota stands behind the local ECS: whoever raises the launches means the calls as well. */
function apiQuota({ launchRate, launchBurst }: Pick<EnvironmentOptions, 'launchRate' | 'launchBurst'>) {
  const twice = (amount: string) => String(2 * Number(amount));
  return {
    ...(launchRate === undefined ? {} : { SLIPWAY_API_RATE: twice(launchRate) }),
    ...(launchBurst === undefined ? {} : { SLIPWAY_API_BURST: twice(launchBurst) }),
  };
}

/** Sets the variables of all Lambdas and of the SDK in `target`, and takes out what the operator had there. */
export function applyEnvironment(options: EnvironmentOptions, target: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(target)) {
    if (/^(?:AWS|SLIPWAY|POWERTOOLS)_/.test(name)) delete target[name];
  }
  Object.assign(target, sdkVariables(options.endpoints));
  // One process holds them all: a name that two Lambdas share has the same value for both.
  for (const variables of Object.values(stepEnvironment(options))) Object.assign(target, variables);
}
