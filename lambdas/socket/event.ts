// API Gateway's WebSocket events as this Lambda needs them ("Working with WebSocket APIs": proxy integration input).
// Each kind of socket is a stage of its own, so the stage says which one a connection belongs to.
import { z } from 'zod';
import { sockets } from '../../shared/config/resources.ts';
import type { ConnectionRef } from '../../shared/ports/connections.ts';

const kinds = sockets.map(({ kind }) => kind);

const socketEvent = z.object({
  requestContext: z.object({
    eventType: z.enum(['CONNECT', 'MESSAGE', 'DISCONNECT']),
    connectionId: z.string(),
    stage: z.enum(kinds),
    /** With DISCONNECT alone. */
    disconnectStatusCode: z.number().nullish(),
  }),
  /** With CONNECT alone, as the client wrote their names. */
  headers: z.record(z.string(), z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

export type SocketEvent =
  | { readonly type: 'CONNECT'; readonly ref: ConnectionRef; readonly headers: ReadonlyMap<string, string> }
  | { readonly type: 'MESSAGE'; readonly ref: ConnectionRef; readonly frame: string }
  | { readonly type: 'DISCONNECT'; readonly ref: ConnectionRef; readonly code: number | undefined };

/** @throws ZodError when this is no event of a WebSocket API with our stages */
export function readSocketEvent(event: unknown): SocketEvent {
  const { requestContext, headers, body, isBase64Encoded } = socketEvent.parse(event);
  const { eventType: type, connectionId: id, stage: kind, disconnectStatusCode } = requestContext;
  const ref = { kind, id };
  if (type === 'CONNECT') {
    const named = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
    return { type, ref, headers: new Map(named) };
  }
  if (type === 'DISCONNECT') return { type, ref, code: disconnectStatusCode ?? undefined };
  const frame = Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8').toString('utf8');
  return { type, ref, frame };
}

/** What `$connect` answers; other events need nothing but a status. */
export type SocketAnswer = { readonly statusCode: number; readonly headers?: Readonly<Record<string, string>> };
