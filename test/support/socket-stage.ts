// The sockets of the local stack for one test file: the gateway, the socket Lambda on the real stores, and the queue.
// Nothing consumes the queue, so a test sees what stands in it.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { logFrame } from '../../lambdas/log-frame.ts';
import { createSocket, type SocketDeps } from '../../lambdas/socket/front.ts';
import { serveTaskWorkers } from '../../lambdas/socket/task-worker.ts';
import { watchEvents, watchLogs } from '../../lambdas/socket/watching.ts';
import { credentials } from '../../local/account.ts';
import { region } from '../../local/ecs/names.ts';
import { startGateway } from '../../local/gateway.ts';
import { createLambda, type LambdaHandler } from '../../local/lambda.ts';
import { type LocalQueue, startQueue } from '../../local/queue.ts';
import { createFrameQueue } from '../../local/sockets/frame-queue.ts';
import { type TransportRules, transportRules } from '../../local/sockets/websocket-event.ts';
import { createConnectionSender } from '../../shared/adapters/api-gateway/connection-sender.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createConnections } from '../../shared/adapters/dynamodb/connections.ts';
import { createEventStore } from '../../shared/adapters/dynamodb/events.ts';
import { createLargeParts } from '../../shared/adapters/dynamodb/large-parts.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { createTaskQueue } from '../../shared/adapters/dynamodb/task-queue.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { world } from '../../shared/adapters/world.ts';
import type { SocketTransport } from '../../shared/config/resources.ts';
import type { ConnectionRef, ConnectionSender, Connections } from '../../shared/ports/connections.ts';
import type { EventStore } from '../../shared/ports/events.ts';
import type { LargeParts } from '../../shared/ports/events-queue.ts';
import type { Logs } from '../../shared/ports/logs.ts';
import type { TaskRuns } from '../../shared/ports/task-runs.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { startDatabase } from './database.ts';
import { tempDir } from './temp-dir.ts';

const asLambda = z.custom<LambdaHandler>((value) => typeof value === 'function', 'wanted a function');

export type Message = { readonly body: string; readonly connection: string | undefined };

export type SocketStage = {
  readonly connections: Connections;
  readonly sender: ConnectionSender;
  readonly events: EventStore;
  readonly logs: Logs;
  readonly parts: LargeParts;
  readonly taskRuns: TaskRuns;
  readonly queue: LocalQueue;
  /** Takes what stands in the queue `events`, for as long as there is something. */
  readonly taken: () => Promise<readonly Message[]>;
  /** Connections of runs that lost events. */
  readonly lost: ConnectionRef[];
  readonly open: (options?: GatewayOptions) => Promise<{ readonly url: string; close(): Promise<void> }>;
  readonly close: () => Promise<void>;
};

export type GatewayOptions = {
  readonly transport?: SocketTransport;
  readonly rules?: Partial<TransportRules>;
  readonly authString?: string;
  readonly parts?: Partial<SocketDeps>;
  /** Where frames of `/events/in` go, in place of the real queue. */
  readonly queueEndpoint?: string;
  readonly queuePatienceMs?: number;
};

export async function startSocketStage(): Promise<SocketStage> {
  const folder = await tempDir('slipway-sockets-');
  const queueFolder = path.join(folder.path, 'queue');
  await mkdir(queueFolder);
  const [database, queue] = await Promise.all([startDatabase(), startQueue(queueFolder)]);
  const client = createDocumentClient();
  const control = { client, table: database.controlTable };
  const bulk = { client, table: database.bulkTable };
  const sqs = sqsAt(queue.endpoint);
  const connections = createConnections({ ...control, now: world.now });
  const events = createEventStore({ ...bulk, now: world.now, days: 7 });
  const logs = createLogs({ ...bulk, sha256: world.sha256 });
  const parts = createLargeParts({ ...bulk, newId: world.newId, now: world.now });
  const taskRuns = createTaskRuns({ ...control, newId: world.newId, sha256: world.sha256 });
  const lost: ConnectionRef[] = [];
  const telemetry = createTelemetry(() => undefined);
  let sender: ConnectionSender = { post: async () => 'gone', close: async () => {} };

  const open = async ({ transport = 'local', rules, authString, ...options }: GatewayOptions = {}) => {
    const gateway = await startGateway({
      port: 0,
      report: () => undefined,
      sockets: { ...transportRules[transport], ...rules },
    });
    sender = createConnectionSender({ url: gateway.socketsUrl, eventsInUrl: gateway.socketsUrl });
    const sending = { connections, sender, telemetry, world };
    const handler = createSocket({
      world,
      connections,
      sender,
      transport,
      log: () => undefined,
      conversations: {
        'events-out': watchEvents({ ...sending, events }),
        'logs-out': watchLogs({ ...sending, logs, renderLog: logFrame }),
        'task-runs': serveTaskWorkers({
          ...sending,
          taskRuns,
          taskQueue: createTaskQueue({ ...control, sha256: world.sha256 }),
        }),
      },
      noteLostEvents: async (ref) => void lost.push(ref),
      ...(authString === undefined ? {} : { readAuthString: async () => authString }),
      ...options.parts,
    });
    const frames = sqsAt(options.queueEndpoint ?? queue.endpoint);
    gateway.serveSockets({
      invoke: createLambda({ name: 'socket', handler: asLambda.parse(handler), timeoutSeconds: 28, memoryMb: 512 })
        .invoke,
      openQueue: (connectionId, hooks) =>
        createFrameQueue({
          client: frames,
          queueUrl: queue.urls.events,
          parts,
          connectionId,
          isBare: transport === 'aws',
          ...(options.queuePatienceMs === undefined ? {} : { patienceMs: options.queuePatienceMs }),
          ...hooks,
        }),
    });
    const close = async () => {
      await gateway.close();
      frames.destroy();
    };
    return { url: `http://127.0.0.1:${gateway.port}/api`, close };
  };

  return {
    connections,
    sender: { post: (ref, frame) => sender.post(ref, frame), close: (ref, end) => sender.close(ref, end) },
    events,
    logs,
    parts,
    taskRuns,
    queue,
    lost,
    taken: () => takeAll(sqs, queue.urls.events),
    open,
    close: async () => {
      sqs.destroy();
      client.destroy();
      await Promise.all([queue.close(), database.close()]);
      await folder.remove();
    },
  };
}

function sqsAt(endpoint: string): SQSClient {
  return new SQSClient({ endpoint, region, credentials, useQueueUrlAsEndpoint: false, maxAttempts: 1 });
}

async function takeAll(client: SQSClient, queueUrl: string): Promise<readonly Message[]> {
  const found: Message[] = [];
  while (true) {
    const { Messages } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    if (Messages === undefined || Messages.length === 0) return found;
    for (const { Body = '', MessageAttributes } of Messages) {
      found.push({ body: Body, connection: MessageAttributes?.['connection']?.StringValue });
    }
  }
}
