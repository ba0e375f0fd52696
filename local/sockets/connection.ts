// One WebSocket connection of the local gateway: its frames go out as events of a Lambda or into the queue, one after
// the other, and it ends as its transport says.
// Rule: a frame is handed on in the order it came, also those that came just before the end.

import type { RawData, WebSocket } from 'ws';
import type { Report } from '../report.ts';
import type { FrameQueue, FrameQueueOptions } from './frame-queue.ts';
import type { ManagedConnection } from './management-endpoint.ts';
import { type ConnectionFacts, disconnectEvent, messageEvent, type TransportRules } from './websocket-event.ts';

export type ConnectionOptions = {
  readonly socket: WebSocket;
  readonly facts: ConnectionFacts;
  readonly rules: TransportRules;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Where frames of `/events/in` go; absent for all other sockets. */
  readonly openQueue?: (hooks: Pick<FrameQueueOptions, 'onFull' | 'onLost'>) => FrameQueue;
  readonly report: Report;
};

export type OpenConnection = ManagedConnection & {
  /** Settles when the client is gone and everything it sent has been handed on. */
  readonly ended: Promise<void>;
  /** Closes with 1011, which no client takes for a goodbye. */
  stop(): void;
  /** Ends it without a word. */
  terminate(): void;
};

const internalError = 1011;
/** A client that does not read what is sent to it is cut off; it comes back and asks for what it missed. */
const mostUnreadBytes = 32 * 1024 * 1024;

export function openConnection(options: ConnectionOptions): OpenConnection {
  const { socket, facts, rules, report } = options;
  const queue = options.openQueue?.({
    onFull: (isFull) => (isFull ? socket.pause() : socket.resume()),
    onLost: (error) => {
      report('frames not taken by the queue', { connection: facts.id, error });
      socket.close(internalError, 'events could not be kept, please send them again');
    },
  });
  let inbox: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<unknown>) => {
    inbox = inbox.then(work).catch((error: unknown) => report('socket event failed', { connection: facts.id, error }));
  };
  const timers = startTimers(socket, rules);
  socket.on('message', (data, isBinary) => {
    timers.touch();
    if (isBinary) return socket.close(1003, 'wanted a text frame');
    const text = textOf(data);
    const route = routeOf(text);
    if (queue !== undefined && route !== 'auth') return queue.add(text);
    inTurn(() => options.invoke(messageEvent(facts, route, text)));
  });
  socket.on('ping', (data) => {
    if (!rules.holdsPong || queue === undefined) return pong(socket, data);
    // Prefect's client takes the PONG for "all that I sent before is kept".
    queue.flushed().then(
      () => pong(socket, data),
      () => undefined,
    );
  });
  // With a message above the limit the library closes by itself, and the code of that is the peer's echo, if any.
  let endedWith: number | undefined;
  socket.on('error', (error) => {
    if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') endedWith = 1009;
  });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  socket.once('close', (code, reason) => {
    timers.stop();
    inTurn(async () => {
      await queue?.flushed().catch(() => undefined);
      await options.invoke(disconnectEvent(facts, endedWith ?? code, reason.toString('utf8')));
    });
    inbox.then(() => resolve());
  });
  return {
    connectedAt: facts.connectedAt,
    ended,
    post: (frame) => post(socket, frame, { rules, touch: timers.touch }),
    close: (end) => closeAsAsked(socket, rules, end),
    stop: () => socket.close(internalError, 'the server stops'),
    terminate: () => socket.terminate(),
  };
}

/** The frame's own `type` chooses its route, where there is a route of that name (`$request.body.type`). */
function routeOf(text: string): string {
  if (!text.startsWith('{"type"') && !/^\s*\{\s*"type"/.test(text.slice(0, 200))) return '$default';
  try {
    const value: unknown = JSON.parse(text);
    const isAuth = typeof value === 'object' && value !== null && 'type' in value && value.type === 'auth';
    return isAuth ? 'auth' : '$default';
  } catch {
    return '$default';
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}

function pong(socket: WebSocket, data: Buffer): void {
  if (socket.readyState === socket.OPEN) socket.pong(data);
}

type Posting = { readonly rules: TransportRules; readonly touch: () => void };

function post(socket: WebSocket, frame: string, { rules, touch }: Posting): 'sent' | 'gone' | 'too large' {
  if (socket.readyState !== socket.OPEN) return 'gone';
  if (Buffer.byteLength(frame) > rules.largestPostBytes) return 'too large';
  if (socket.bufferedAmount > mostUnreadBytes) {
    socket.close(internalError, 'too much is waiting to be read');
    return 'gone';
  }
  touch();
  socket.send(frame, () => undefined);
  return 'sent';
}

function closeAsAsked(
  socket: WebSocket,
  rules: TransportRules,
  end: { readonly code: number; readonly reason: string } | undefined,
): void {
  if (rules.closeCode !== undefined) socket.close(rules.closeCode);
  else socket.close(end?.code ?? internalError, end?.reason ?? '');
}

type Timers = { touch(): void; stop(): void };

/** A connection without traffic ends, and every connection does after a while: where the transport has such limits. */
function startTimers(socket: WebSocket, { idleSeconds, connectionSeconds, expiryCode = 1001 }: TransportRules): Timers {
  const expire = (reason: string) => () => socket.close(expiryCode, reason);
  const after = (seconds: number | undefined, reason: string) =>
    seconds === undefined ? undefined : setTimeout(expire(reason), seconds * 1000).unref();
  const longest = after(connectionSeconds, 'Connection duration limit exceeded');
  const idle = after(idleSeconds, 'Going away');
  return {
    touch: () => void idle?.refresh(),
    stop: () => {
      clearTimeout(longest);
      clearTimeout(idle);
    },
  };
}
