// What stands behind the local sockets: the socket Lambda, and the queue `events` for the frames of `/events/in`.

import { SQSClient } from '@aws-sdk/client-sqs';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createLargeParts } from '../../shared/adapters/dynamodb/large-parts.ts';
import { world } from '../../shared/adapters/world.ts';
import type { SocketTransport } from '../../shared/config/resources.ts';
import { bulkTableName, credentials } from '../account.ts';
import { region } from '../ecs/names.ts';
import type { Lambda } from '../lambda.ts';
import type { LocalQueue } from '../queue.ts';
import { createFrameQueue } from './frame-queue.ts';
import type { SocketServing } from './socket-gateway.ts';

export type SocketServingOptions = {
  readonly socket: Lambda;
  readonly transport: SocketTransport;
  readonly endpoints: { readonly queue: string };
  readonly queueUrls: Pick<LocalQueue['urls'], 'events'>;
};

/** After the environment was applied: the store of large frames finds its database there. */
export function createSocketServing(options: SocketServingOptions): SocketServing & { close(): void } {
  const { socket, transport, endpoints, queueUrls } = options;
  const client = new SQSClient({ endpoint: endpoints.queue, region, credentials, useQueueUrlAsEndpoint: false });
  const documents = createDocumentClient();
  const parts = createLargeParts({ client: documents, table: bulkTableName, newId: world.newId, now: world.now });
  return {
    invoke: socket.invoke,
    openQueue: (connectionId, hooks) =>
      createFrameQueue({
        client,
        queueUrl: queueUrls.events,
        parts,
        connectionId,
        isBare: transport === 'aws',
        ...hooks,
      }),
    close: () => {
      client.destroy();
      documents.destroy();
    },
  };
}
