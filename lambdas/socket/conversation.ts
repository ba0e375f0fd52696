// What is said over a socket once the client is known: one frame in, and perhaps an end.
import type { JsonObject } from '../../shared/domain/json.ts';
import type { Connection, ConnectionRef } from '../../shared/ports/connections.ts';

/** How a connection is closed: a WebSocket close code and a reason of at most 123 bytes. */
export type End = { readonly code: number; readonly reason: string };

/** RFC 6455, 7.4.1; the `websockets` library of Prefect's client connects again after all of them but the clean ones. */
export const closeCodes = { normal: 1000, protocolError: 1002, policyViolation: 1008, internalError: 1011 } as const;

export type Conversation = {
  /** One frame of an authorised client. undefined: the connection stays. */
  readonly take: (connection: Connection, frame: JsonObject) => Promise<End | undefined>;
  /** The client is gone. */
  readonly leave?: (ref: ConnectionRef) => Promise<void>;
};

export function protocolError(reason: string): End {
  return { code: closeCodes.protocolError, reason };
}
