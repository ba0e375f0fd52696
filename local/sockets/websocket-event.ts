// What API Gateway's WebSocket API makes of a connection: the events of its Lambda, as JSON.
// Source: "Set up a WebSocket API integration request in API Gateway" (proxy integration input).

import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { socketLimits, type sockets } from '../../shared/config/resources.ts';

export type SocketKind = (typeof sockets)[number]['kind'];

/** What stays the same over all events of one connection. */
export type ConnectionFacts = {
  readonly id: string;
  readonly kind: SocketKind;
  /** Epoch milliseconds. */
  readonly connectedAt: number;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly host: string;
};

export function connectionFacts(request: IncomingMessage, kind: SocketKind, now: number): ConnectionFacts {
  return {
    id: `${randomBytes(11).toString('base64url')}=`,
    kind,
    connectedAt: now,
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    userAgent: request.headers['user-agent'] ?? '',
    host: request.headers.host ?? '127.0.0.1',
  };
}

export function connectEvent(facts: ConnectionFacts, request: IncomingMessage): object {
  const pairs = Array.from({ length: request.rawHeaders.length / 2 }, (_, at) => [
    request.rawHeaders[2 * at] ?? '',
    request.rawHeaders[2 * at + 1] ?? '',
  ]);
  const multi = new Map<string, string[]>();
  for (const [name = '', value = ''] of pairs) multi.set(name, [...(multi.get(name) ?? []), value]);
  return {
    headers: Object.fromEntries(pairs),
    multiValueHeaders: Object.fromEntries(multi),
    requestContext: contextOf(facts, { routeKey: '$connect', eventType: 'CONNECT' }),
    isBase64Encoded: false,
  };
}

export function messageEvent(facts: ConnectionFacts, routeKey: string, text: string): object {
  const context = contextOf(facts, { routeKey, eventType: 'MESSAGE' });
  return { requestContext: { ...context, messageId: randomUUID() }, body: text, isBase64Encoded: false };
}

export function disconnectEvent(facts: ConnectionFacts, code: number, reason: string): object {
  const context = contextOf(facts, { routeKey: '$disconnect', eventType: 'DISCONNECT' });
  return {
    requestContext: { ...context, disconnectStatusCode: code, disconnectReason: reason },
    isBase64Encoded: false,
  };
}

function contextOf(facts: ConnectionFacts, route: { readonly routeKey: string; readonly eventType: string }) {
  return {
    ...route,
    requestId: randomUUID(),
    extendedRequestId: randomUUID(),
    messageDirection: 'IN',
    stage: facts.kind,
    apiId: facts.kind === 'events-in' ? 'local-events-in' : 'local',
    connectionId: facts.id,
    connectedAt: facts.connectedAt,
    requestTimeEpoch: Date.now(),
    domainName: facts.host,
    identity: { sourceIp: facts.sourceIp, userAgent: facts.userAgent },
  };
}

/** How a transport limits its connections; what is absent is not limited. */
export type TransportRules = {
  /** Larger messages close the connection with 1009. */
  readonly largestMessageBytes: number;
  /** Larger ones are refused when they are sent to a client. */
  readonly largestPostBytes: number;
  readonly idleSeconds?: number;
  readonly connectionSeconds?: number;
  /** The code of a close that the Lambda asks for; absent, it picks one itself. */
  readonly closeCode?: number;
  /** The code when one of the two times is over. */
  readonly expiryCode?: number;
  readonly isCompressed: boolean;
  /** PONG to a client of `/events/in` waits until its frames are in the queue. */
  readonly holdsPong: boolean;
};

const mebibyte = 1024 * 1024;

export const transportRules = {
  local: { largestMessageBytes: 16 * mebibyte, largestPostBytes: 16 * mebibyte, isCompressed: true, holdsPong: true },
  aws: {
    // Prefect's client sends each message as one frame, so the limit of a frame is the limit of a message.
    largestMessageBytes: socketLimits.frameBytes,
    largestPostBytes: socketLimits.messageBytes,
    idleSeconds: socketLimits.idleSeconds,
    connectionSeconds: socketLimits.connectionSeconds,
    closeCode: 1000,
    expiryCode: 1001,
    isCompressed: false,
    holdsPong: false,
  },
} as const satisfies Record<string, TransportRules>;
