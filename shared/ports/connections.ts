// Open WebSocket connections: who is connected, what they asked for, and the way to send them a frame.
// Rule: a connection may be gone at any moment; sending to one that is gone is an answer, never an error.
import type { JsonObject } from '../domain/json.ts';

/** One socket of Prefect's API each: `/events/in`, `/events/out`, `/logs/out`, `/task_runs/subscriptions/scheduled`. */
export type ConnectionKind = 'events-in' | 'events-out' | 'logs-out' | 'task-runs';

/** The platform's id of a connection is unique within its kind only. */
export type ConnectionRef = { readonly kind: ConnectionKind; readonly id: string };

/** What a client asked for on its connection. */
export type Subscription = {
  /** As it came and was found valid: the filter of events or of log lines, or `{ keys, client_id }` of a task worker. */
  readonly filter: JsonObject;
  /** Epoch milliseconds from which on the client wants to see what happened; what is older was never asked for. */
  readonly since: number;
};

export type Connection = ConnectionRef & {
  readonly isAuthorized: boolean;
  /** Epoch milliseconds. */
  readonly connectedAt: number;
  /** Epoch milliseconds after which the platform has certainly closed it; such a connection is never read. */
  readonly expiresAt: number;
  /** The run in whose task the client runs, where the client says so. */
  readonly runId?: string;
  /** Absent until the client has asked. */
  readonly subscription?: Subscription;
};

/** A connection that wants frames. */
export type Subscriber = Connection & { readonly subscription: Subscription };

export type Connections = {
  open(connection: Connection): Promise<void>;
  /** undefined: gone, expired or never opened. */
  read(ref: ConnectionRef): Promise<Connection | undefined>;
  /** False: gone. */
  authorize(ref: ConnectionRef): Promise<boolean>;
  /** From its return on, every `subscribers` call shows the subscription. False: gone. */
  subscribe(ref: ConnectionRef, subscription: Subscription): Promise<boolean>;
  /** All connections of a kind that have subscribed; a consistent read. */
  subscribers(kind: ConnectionKind): Promise<readonly Subscriber[]>;
  /** Which of these `events-in` connections had been authorised, also when they are closed by now (for 15 days). */
  authorizedAmong(ids: readonly string[]): Promise<ReadonlySet<string>>;
  remove(ref: ConnectionRef): Promise<void>;
};

/** `too large`: the platform does not carry a frame of this size (128 KB on API Gateway). */
export type PostOutcome = 'sent' | 'gone' | 'too large';

export type ConnectionSender = {
  /** One text frame; frames of one connection arrive in the order of the calls that were awaited. */
  post(ref: ConnectionRef, frame: string): Promise<PostOutcome>;
  /** Where the platform chooses the code itself, code and reason are lost. Closing what is gone does nothing. */
  close(ref: ConnectionRef, end: { readonly code: number; readonly reason: string }): Promise<void>;
};
