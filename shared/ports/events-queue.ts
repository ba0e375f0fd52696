// What a message of the queue `events` may hold. Whoever reads it tells the kinds apart by their keys.
// Rule: a frame of `/events/in` is kept as it came; it is parsed, and refused if it must be, behind the queue.
import type { LogLine } from '../domain/catalogue.ts';
import type { PrefectEvent } from '../domain/event/event.ts';
import type { StatusRef } from './statuses.ts';

/**
 * Besides these there is the bare frame: API Gateway puts one text frame of `/events/in` into one message and wraps
 * nothing around it, so a body with none of these keys is an event as Prefect's client sends it.
 * Messages with frames, wrapped or bare, carry the message attribute `connection` (text): the id of the connection
 * they came by, for `Connections.authorizedAmong`. Frames that are no events (`{"type":"auth"}`) are dropped.
 */
export type EventsMessage =
  /** Frames of one connection in the order they came: the local gateway packs what arrives together. */
  | { readonly frames: readonly string[] }
  /** One frame that is too large for a message; its text stands in the bulk table. */
  | { readonly part: PartRef }
  /** Log lines that were just stored, for `/logs/out`. */
  | { readonly logs: readonly LogLine[] }
  /** Things whose status may be over: the clock found that it is time to look. */
  | { readonly statuses: readonly StatusRef[] }
  /** Task workers may have gone without a word: the clock asks to look after them. */
  | { readonly taskWorkers: 'check' }
  /** Events of our own making. */
  | { readonly events: readonly PrefectEvent[] };

export type PartRef = { readonly id: string; readonly count: number };

/** Texts that no message can hold (over 200 KB), kept for as long as a message can wait. */
export type LargeParts = {
  put(text: string): Promise<PartRef>;
  /** undefined: never completely written, or expired. */
  read(ref: PartRef): Promise<string | undefined>;
};

/**
 * Log lines on their way to those who watch. A line that is too large for a message travels without its end.
 * Throws when the queue cannot be reached.
 */
export type LogLineQueue = { send(lines: readonly LogLine[]): Promise<void> };

/** Asks for a look at the task workers. Throws when the queue cannot be reached. */
export type TaskWorkerHints = { send(): Promise<void> };
