// The socket: one event of a connection in, a status out. It opens connections, lets clients in, and hands the frames
// of those it knows to the conversation of their socket.
// Rule: nothing that a client sends brings an error of the platform; it brings an answer or a close.
import middy from '@middy/core';
import type { SocketTransport } from '../../shared/config/resources.ts';
import type { JsonObject } from '../../shared/domain/json.ts';
import type { ConnectionKind, ConnectionRef, ConnectionSender, Connections } from '../../shared/ports/connections.ts';
import type { World } from '../../shared/ports/world.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { basicCredentials, isSameSecret } from '../credentials.ts';
import { type Conversation, closeCodes, type End, protocolError } from './conversation.ts';
import { readSocketEvent, type SocketAnswer, type SocketEvent } from './event.ts';

export type SocketDeps = {
  readonly world: Pick<World, 'now'>;
  readonly connections: Pick<Connections, 'open' | 'read' | 'authorize' | 'remove'>;
  readonly sender: ConnectionSender;
  readonly transport: SocketTransport;
  /** `/events/in` has none: its frames go into the queue. */
  readonly conversations: Readonly<Record<Exclude<ConnectionKind, 'events-in'>, Conversation>>;
  /** The client of a run's task was cut off for a frame that the platform does not carry. */
  readonly noteLostEvents: (connection: ConnectionRef) => Promise<void>;
  readonly log: Log;
  /** `user:password`; absent, everybody may connect. */
  readonly readAuthString?: () => Promise<string>;
};

const ok: SocketAnswer = { statusCode: 200 };
const subprotocol = 'prefect';
/** API Gateway's own limit and some minutes more; where there is none, longer than any client lives. */
const lifetimeMs = { aws: 130 * 60_000, local: 365 * 86_400_000 } as const;
/** Message too big (RFC 6455). */
const tooBig = 1009;

/** The socket's Lambda handler on these dependencies. */
export function createSocket(deps: SocketDeps) {
  return middy<unknown, SocketAnswer>().handler(async (event: unknown): Promise<SocketAnswer> => {
    const read = readSocketEvent(event);
    if (read.type === 'CONNECT') return await connect(deps, read);
    if (read.type === 'MESSAGE') return await takeFrame(deps, read);
    return await leave(deps, read);
  });
}

async function connect(
  deps: SocketDeps,
  { ref, headers }: Extract<SocketEvent, { type: 'CONNECT' }>,
): Promise<SocketAnswer> {
  // Without events an engine polls for cancellations. A clean close, which this platform makes, would end that too.
  if (deps.transport === 'aws' && ref.kind === 'events-out' && headers.get('x-slipway-watch') !== '1') {
    return { statusCode: 404 };
  }
  const offered = (headers.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
  const speaksPrefect = offered.includes(subprotocol);
  const trust = await trustOf(deps, headers.get('authorization'));
  if (trust === 'refused') return { statusCode: 401 };
  // Clients of before the handshake send no first frame: they are let in by their header, or where nobody asks.
  if (!speaksPrefect && trust === 'unknown' && deps.readAuthString !== undefined) return { statusCode: 403 };
  const connectedAt = deps.world.now();
  await deps.connections.open({
    ...ref,
    connectedAt,
    expiresAt: connectedAt + lifetimeMs[deps.transport],
    isAuthorized: trust === 'known' || !speaksPrefect,
    ...runOf(headers.get('x-slipway-run')),
  });
  return speaksPrefect ? { ...ok, headers: { 'Sec-WebSocket-Protocol': subprotocol } } : ok;
}

/** Containers say whose they are in every request. */
function runOf(header: string | undefined): { runId?: string } {
  return header === undefined || header === '' ? {} : { runId: header };
}

async function trustOf(deps: SocketDeps, header: string | undefined): Promise<'known' | 'unknown' | 'refused'> {
  const sent = basicCredentials(header);
  if (sent === undefined || deps.readAuthString === undefined) return 'unknown';
  return isSameSecret(sent, await deps.readAuthString()) ? 'known' : 'refused';
}

async function takeFrame(
  deps: SocketDeps,
  { ref, frame }: Extract<SocketEvent, { type: 'MESSAGE' }>,
): Promise<SocketAnswer> {
  try {
    const end = await answer(deps, ref, frame);
    if (end !== undefined) await deps.sender.close(ref, shortened(end));
  } catch (error) {
    const problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    deps.log('ERROR', 'frame not handled', { socket: ref.kind, connection: ref.id, problem });
    await deps.sender.close(ref, { code: closeCodes.internalError, reason: 'internal error, please connect again' });
  }
  return ok;
}

async function answer(deps: SocketDeps, ref: ConnectionRef, text: string): Promise<End | undefined> {
  const connection = await deps.connections.read(ref);
  if (connection === undefined) return { code: closeCodes.internalError, reason: 'unknown connection' };
  const frame = parsedObject(text);
  if (frame?.['type'] === 'auth') return await greet(deps, ref, { frame, isKnown: connection.isAuthorized });
  if (!connection.isAuthorized) return { code: closeCodes.policyViolation, reason: "Expected 'auth' message" };
  if (frame === undefined) return protocolError('Expected a JSON object');
  if (ref.kind === 'events-in') return undefined;
  return await deps.conversations[ref.kind].take(connection, frame);
}

type Greeting = { readonly frame: JsonObject; readonly isKnown: boolean };

async function greet(deps: SocketDeps, ref: ConnectionRef, { frame, isKnown }: Greeting): Promise<End | undefined> {
  const { token } = frame;
  if (!isKnown && deps.readAuthString !== undefined) {
    if (typeof token !== 'string' || token === '') {
      return { code: closeCodes.policyViolation, reason: 'Auth required but no token provided' };
    }
    if (!isSameSecret(token, await deps.readAuthString())) {
      return { code: closeCodes.policyViolation, reason: 'Invalid token' };
    }
  }
  if (!isKnown && !(await deps.connections.authorize(ref))) return undefined;
  const outcome = await deps.sender.post(ref, JSON.stringify({ type: 'auth_success' }));
  if (outcome === 'gone') await deps.connections.remove(ref);
  return undefined;
}

async function leave(
  deps: SocketDeps,
  { ref, code }: Extract<SocketEvent, { type: 'DISCONNECT' }>,
): Promise<SocketAnswer> {
  if (ref.kind === 'events-in') {
    // Its frames may still wait in the queue, and are asked for then: the item stays until it expires.
    if (code === tooBig) await deps.noteLostEvents(ref);
    return ok;
  }
  await deps.conversations[ref.kind].leave?.(ref);
  await deps.connections.remove(ref);
  return ok;
}

function parsedObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The platform takes 123 bytes of UTF-8. */
function shortened({ code, reason }: End): End {
  const bytes = Buffer.from(reason);
  return {
    code,
    reason: bytes.length <= 123 ? reason : `${bytes.subarray(0, 119).toString('utf8').replace(/�+$/, '')}…`,
  };
}
