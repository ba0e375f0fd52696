// The WebSocket half of the local gateway: API Gateway's WebSocket APIs in front of the socket Lambda and the queue
// `events`, on the port of the HTTP API.
// Rule: a client hears its refusal as a status of the upgrade; once it is let in, nothing that it sent is dropped.

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { sockets } from '../../shared/config/resources.ts';
import { isFromHere } from '../from-here.ts';
import type { Report } from '../report.ts';
import { type OpenConnection, openConnection } from './connection.ts';
import type { FrameQueue, FrameQueueOptions } from './frame-queue.ts';
import { startManagementEndpoint } from './management-endpoint.ts';
import {
  type ConnectionFacts,
  connectEvent,
  connectionFacts,
  type SocketKind,
  type TransportRules,
} from './websocket-event.ts';

export type SocketGatewayOptions = {
  readonly rules: TransportRules;
  readonly report: Report;
  readonly now?: () => number;
};

/** What stands behind the sockets. */
export type SocketServing = {
  /** The socket Lambda. */
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** The queue `events`, for the frames of one connection. */
  readonly openQueue: (connectionId: string, hooks: Pick<FrameQueueOptions, 'onFull' | 'onLost'>) => FrameQueue;
};

export type SocketGateway = {
  /** Address of the @connections endpoint, without a stage. */
  readonly url: string;
  /** Upgrades are refused with 503 until this was called. */
  serve(serving: SocketServing): void;
  /** For the HTTP server's `upgrade`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every connection with 1011 and waits until what they sent is handed on. */
  close(): Promise<void>;
};

type State = {
  readonly options: SocketGatewayOptions;
  readonly server: WebSocketServer;
  readonly open: Map<string, OpenConnection>;
  readonly subprotocols: WeakMap<IncomingMessage, string>;
  serving: SocketServing | undefined;
  isClosing: boolean;
};

const basePath = '/api';
/** How long clients may take to answer a close. */
const goodbyeMs = 1000;
const refusalPatienceMs = 1000;

export async function startSocketGateway(options: SocketGatewayOptions): Promise<SocketGateway> {
  const subprotocols: State['subprotocols'] = new WeakMap();
  const state: State = {
    options,
    open: new Map(),
    subprotocols,
    server: new WebSocketServer({
      noServer: true,
      autoPong: false,
      clientTracking: false,
      maxPayload: options.rules.largestMessageBytes,
      perMessageDeflate: options.rules.isCompressed
        ? { threshold: 1024, serverNoContextTakeover: true, clientNoContextTakeover: true }
        : false,
      handleProtocols: (_offered, request) => subprotocols.get(request) ?? false,
    }),
    serving: undefined,
    isClosing: false,
  };
  const management = await startManagementEndpoint((stage, id) => state.open.get(`${stage}/${id}`));
  return {
    url: management.url,
    serve: (serving) => {
      state.serving = serving;
    },
    upgrade: (request, socket, head) => void upgrade(state, { request, socket, head }),
    close: async () => {
      state.isClosing = true;
      await closeAll(state);
      await management.close();
    },
  };
}

type Upgrade = { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };

async function upgrade(state: State, { request, socket, head }: Upgrade): Promise<void> {
  const drop = () => socket.destroy();
  socket.on('error', drop);
  try {
    if (!isFromHere(request)) return refuseUpgrade(socket, 403);
    const kind = kindOf(request.url ?? '/');
    if (kind === undefined || request.headers.upgrade?.toLowerCase() !== 'websocket') return refuseUpgrade(socket, 404);
    const { serving } = state;
    if (serving === undefined || state.isClosing) return refuseUpgrade(socket, 503);
    const facts = connectionFacts(request, kind, (state.options.now ?? Date.now)());
    const answer = connectAnswer.safeParse(await serving.invoke(connectEvent(facts, request)));
    if (!answer.success) return refuseUpgrade(socket, 502);
    if (answer.data.statusCode >= 300) return refuseUpgrade(socket, answer.data.statusCode);
    if (state.isClosing || socket.destroyed) return refuseUpgrade(socket, 503);
    const subprotocol = subprotocolOf(answer.data.headers ?? {});
    if (subprotocol !== undefined) state.subprotocols.set(request, subprotocol);
    socket.off('error', drop);
    state.server.handleUpgrade(request, socket, head, (opened) => {
      admit(state, serving, { facts, socket: opened });
    });
  } catch (error) {
    state.options.report('upgrade failed', { url: request.url, error });
    refuseUpgrade(socket, 500);
  }
}

const connectAnswer = z.object({
  statusCode: z.number().int().min(100).max(599),
  headers: z.record(z.string(), z.string()).nullish(),
});

function subprotocolOf(headers: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1];
}

/** Both slash forms of a path are the same socket, as with the HTTP API. */
function kindOf(target: string): SocketKind | undefined {
  const path = (target.split('?')[0] ?? '').replace(/\/$/, '');
  return sockets.find((socket) => path === `${basePath}${socket.path}`)?.kind;
}

type Admitted = { readonly facts: ConnectionFacts; readonly socket: Parameters<typeof openConnection>[0]['socket'] };

function admit(state: State, serving: SocketServing, { facts, socket }: Admitted): void {
  const key = `${facts.kind}/${facts.id}`;
  const connection = openConnection({
    socket,
    facts,
    rules: state.options.rules,
    invoke: serving.invoke,
    ...(facts.kind === 'events-in'
      ? { openQueue: (hooks: Pick<FrameQueueOptions, 'onFull' | 'onLost'>) => serving.openQueue(facts.id, hooks) }
      : {}),
    report: state.options.report,
  });
  state.open.set(key, connection);
  void connection.ended.finally(() => state.open.delete(key));
}

async function closeAll(state: State): Promise<void> {
  const connections = [...state.open.values()];
  for (const connection of connections) connection.stop();
  const patience = setTimeout(() => {
    for (const connection of connections) connection.terminate();
  }, goodbyeMs);
  await Promise.all(connections.map(({ ended }) => ended));
  clearTimeout(patience);
}

/** A refusal that clients take as final, and an end of the connection from our side too. */
export function refuseUpgrade(socket: Duplex, status: number): void {
  if (socket.destroyed) return;
  const reason = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ message: reason });
  const head = [`HTTP/1.1 ${status} ${reason}`, 'Connection: close', 'Content-Type: application/json'];
  socket.on('error', () => socket.destroy());
  // What the client still sends is read and dropped: unread bytes would turn our end into a reset.
  socket.on('end', () => socket.destroy()).resume();
  socket.end(`${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  const patience = setTimeout(() => socket.destroy(), refusalPatienceMs);
  socket.once('close', () => clearTimeout(patience));
}
