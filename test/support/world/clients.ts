// Clients of the SDK's shape (`send(command)`) for the real adapters, over the virtual road: the adapters are the ones of
// production, what lies below them is the world.
import { ECSClient, ECSServiceException } from '@aws-sdk/client-ecs';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { AwsError } from '../../../local/aws-endpoint.ts';
import type { LargeBodies } from '../../../shared/ports/large-bodies.ts';
import { type CallError, type CallOptions, makeCall, type Program, type Road } from './calls.ts';

import type { CallInput } from './database-types.ts';

type Command = { readonly constructor: { readonly name: string }; readonly input: unknown };
type Send = (operation: string, input: unknown) => Promise<object>;

/** An object that the SDK's client class recognises as its own, and whose `send` is ours. */
function clientOf<Client extends object>(prototype: Client, send: Send): Client {
  const client = Object.create(prototype) as Client & { send: unknown; destroy: unknown };
  client.send = (command: Command) => send(command.constructor.name.replace(/Command$/, ''), command.input);
  client.destroy = () => undefined;
  return client;
}

const databaseErrors: Readonly<Record<CallError['kind'], string>> = {
  throttle: 'ThrottlingException',
  server: 'InternalServerError',
  timeout: 'TimeoutError',
  conflict: 'TransactionConflictException',
};

const databaseRoad: Road = {
  service: 'dynamodb',
  maxAttempts: 4,
  latencyMs: [1, 6],
  timeoutMs: 3_000,
  errorOf: ({ kind, operation }) => {
    const isCancelled = kind === 'conflict' && operation === 'TransactWrite';
    const name = isCancelled ? 'TransactionCanceledException' : databaseErrors[kind];
    const error = Object.assign(new Error(`planned ${kind}`), { name });
    return isCancelled ? Object.assign(error, { CancellationReasons: [{ Code: 'TransactionConflict' }] }) : error;
  },
};

export type ClientOptions = CallOptions & { readonly program: Program };
export type Execute = (operation: string, input: CallInput, by: string) => object | Promise<object>;

export function databaseClient(
  options: ClientOptions & { readonly execute: Execute; readonly newToken: () => string },
): DynamoDBDocumentClient {
  const { program, execute, newToken } = options;
  return clientOf(DynamoDBDocumentClient.prototype, (operation, input) => {
    // The SDK gives each transaction a token, the same for its repeats.
    const sent = { ...(operation === 'TransactWrite' ? { ClientRequestToken: newToken() } : {}), ...Object(input) };
    return makeCall(options, {
      program,
      road: databaseRoad,
      operation,
      effect: () => execute(operation, sent, program.step),
    });
  });
}

export type EcsService = (operation: string, input: unknown) => Promise<unknown>;

function ecsError(name: string, message: string, status: number): Error {
  const fault = status < 500 ? ('client' as const) : ('server' as const);
  return new ECSServiceException({ name, message, $fault: fault, $metadata: { httpStatusCode: status } });
}

const ecsRoad = (maxAttempts: number): Road => ({
  service: 'ecs',
  maxAttempts,
  latencyMs: [20, 250],
  timeoutMs: 8_000,
  errorOf: ({ kind }) => {
    if (kind === 'throttle') return ecsError('ThrottlingException', 'Rate exceeded', 400);
    if (kind === 'timeout') return Object.assign(new Error('no answer'), { name: 'TimeoutError' });
    return ecsError('ServerException', 'planned failure', 500);
  },
  isRepeated: (error) => error instanceof Error && error.name === 'ThrottlingException',
});

export type EcsClientOptions = ClientOptions & {
  readonly service: EcsService;
  /** As production's clients have it: 3, and 1 for launches. */
  readonly maxAttempts: number;
  /** Sees each call as it leaves its program. */
  readonly onSend: (operation: string, input: unknown) => void;
};

export function ecsClient(options: EcsClientOptions): ECSClient {
  const { program, service, onSend } = options;
  const road = ecsRoad(options.maxAttempts);
  return clientOf(ECSClient.prototype, (operation, input) => {
    onSend(operation, input);
    return makeCall(options, {
      program,
      road,
      operation,
      effect: async () => {
        try {
          return withDates(await service(operation, JSON.parse(JSON.stringify(input))));
        } catch (error) {
          throw error instanceof AwsError ? ecsError(error.code, error.message, error.status) : error;
        }
      },
    });
  });
}

const dates = ['createdAt', 'startedAt', 'stoppingAt', 'stoppedAt', 'pullStartedAt', 'pullStoppedAt'];

/** The wire has seconds where the SDK has dates. */
function withDates(answer: unknown): object {
  return JSON.parse(JSON.stringify(answer), (name, value: unknown) =>
    dates.includes(name) && typeof value === 'number' ? new Date(value * 1000) : value,
  );
}

const bodiesRoad: Road = {
  service: 's3',
  maxAttempts: 4,
  latencyMs: [10, 60],
  timeoutMs: 8_000,
  errorOf: ({ kind }) =>
    Object.assign(new Error(`planned ${kind}`), { name: kind, $metadata: { httpStatusCode: 503 } }),
};

/** A bucket is as simple as its port: what the adapter makes of the SDK is shown over the wire. */
export function bodiesClient(options: ClientOptions & { readonly bodies: LargeBodies }): LargeBodies {
  const { program, bodies } = options;
  const call = async <T>(operation: string, act: () => Promise<T>): Promise<T> => {
    const effect = async () => ({ value: await act() });
    return ((await makeCall(options, { program, road: bodiesRoad, operation, effect })) as { value: T }).value;
  };
  return {
    put: (key, text) => call('PutObject', () => bodies.put(key, text)),
    read: (key) => call('GetObject', () => bodies.read(key)),
    remove: (key) => call('DeleteObject', () => bodies.remove(key)),
  };
}

const queueRoad: Road = {
  service: 'sqs',
  maxAttempts: 2,
  latencyMs: [3, 15],
  timeoutMs: 3_000,
  errorOf: ({ kind }) => Object.assign(new Error(`planned ${kind}`), { name: kind }),
};

export type SentMessage = { readonly queue: string; readonly body: string; readonly delaySeconds: number };

type Batch = {
  readonly QueueUrl: string;
  readonly Entries: readonly { readonly MessageBody: string; readonly DelaySeconds?: number }[];
};

export function queueClient(options: ClientOptions & { readonly deliver: (message: SentMessage) => void }): SQSClient {
  const { program, deliver } = options;
  return clientOf(SQSClient.prototype, (operation, input) => {
    const { QueueUrl: queue, Entries } = input as Batch;
    const effect = () => {
      for (const entry of Entries) deliver({ queue, body: entry.MessageBody, delaySeconds: entry.DelaySeconds ?? 0 });
      return { Successful: [], Failed: [] };
    };
    return makeCall(options, { program, road: queueRoad, operation, effect });
  });
}
