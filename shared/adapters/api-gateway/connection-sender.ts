// Frames to open connections through API Gateway's @connections; each kind of socket is a stage with an address of its own.
// Rule: a connection that is gone is an answer. What the platform refuses for its size is one too.
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { ConnectionKind, ConnectionSender } from '../../ports/connections.ts';
import { callSettings, leanClient } from '../sdk.ts';

export type SenderOptions = {
  /** Address of the WebSocket API, without the stage. */
  readonly url: string;
  /** The same for `/events/in`, which is an API of its own. @default none: nobody sends there */
  readonly eventsInUrl?: string;
};

/**
 * API Gateway picks the code of a close itself. The local gateway takes the one in this header; for all others it is
 * a header that nobody asked for.
 */
export const closeHeader = 'x-slipway-close';

/** Frames follow one another closely, so a slow answer is not waited for long. */
const requestTimeoutMs = 5_000;

export function createConnectionSender({ url, eventsInUrl }: SenderOptions): ConnectionSender {
  const clients = new Map<ConnectionKind, ApiGatewayManagementApiClient>();
  const clientOf = (kind: ConnectionKind) => {
    const known = clients.get(kind);
    if (known !== undefined) return known;
    const made = createClient(`${kind === 'events-in' ? (eventsInUrl ?? url) : url}/${kind}`);
    clients.set(kind, made);
    return made;
  };
  return {
    async post({ kind, id }, frame) {
      try {
        await clientOf(kind).send(new PostToConnectionCommand({ ConnectionId: id, Data: Buffer.from(frame) }));
        return 'sent';
      } catch (error) {
        return postProblem(error);
      }
    },

    async close({ kind, id }, { code, reason }) {
      const command = new DeleteConnectionCommand({ ConnectionId: id });
      addHeader(command, `${code} ${encodeURIComponent(reason)}`);
      try {
        await clientOf(kind).send(command);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    },
  };
}

function createClient(endpoint: string): ApiGatewayManagementApiClient {
  return leanClient(
    new ApiGatewayManagementApiClient({
      endpoint,
      maxAttempts: 4,
      ...callSettings({ answerMs: requestTimeoutMs, connectionMs: 1_000, sockets: 128 }),
    }),
  );
}

function postProblem(error: unknown): 'gone' | 'too large' {
  if (isGone(error)) return 'gone';
  if (error instanceof Error && error.name === 'PayloadTooLargeException') return 'too large';
  throw error;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && error.name === 'GoneException';
}

function addHeader(command: DeleteConnectionCommand, value: string): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (typeof request === 'object' && request !== null && 'headers' in request) {
        Object.assign(request.headers ?? {}, { [closeHeader]: value });
      }
      return next(args);
    },
    { step: 'build', name: 'slipwayClose' },
  );
}
