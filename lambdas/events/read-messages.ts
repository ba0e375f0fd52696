// From messages of the queue `events` to events: frames are parsed, large parts fetched, what a stranger sent dropped.
// What cannot be read is told by its message, and stands in nobody's way.
import { receivedEvent } from '../../shared/contract/events.ts';
import type { LogLine } from '../../shared/domain/catalogue.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import type { Connections } from '../../shared/ports/connections.ts';
import type { EventsMessage, LargeParts } from '../../shared/ports/events-queue.ts';
import type { StatusRef } from '../../shared/ports/statuses.ts';
import type { Message } from '../queue-handler.ts';
import { readFrame } from './message.ts';

export type ReadDeps = {
  readonly now: () => number;
  readonly largeParts: Pick<LargeParts, 'read'>;
  readonly connections: Pick<Connections, 'authorizedAmong'>;
};

export type TakenMessage = {
  readonly id: string;
  readonly events: readonly PrefectEvent[];
  readonly logs: readonly LogLine[];
  readonly statuses: readonly StatusRef[];
  readonly asksForTaskWorkers: boolean;
  /** What of it could not be read. */
  readonly problems: readonly string[];
  /** Frames that came over a connection nobody authorised. */
  readonly strangers: number;
};

/** @throws when the store cannot be reached: all messages come again */
export async function readMessages(
  deps: ReadDeps,
  messages: readonly Message<EventsMessage>[],
): Promise<readonly TakenMessage[]> {
  const ids = [...new Set(messages.flatMap(({ connection }) => connection ?? []))];
  const authorized = ids.length === 0 ? new Set<string>() : await deps.connections.authorizedAmong(ids);
  return Promise.all(
    messages.map((message) => {
      const isStranger = message.connection !== undefined && !authorized.has(message.connection);
      return isStranger ? stranger(message) : read(deps, message);
    }),
  );
}

const nothing = { events: [], logs: [], statuses: [], asksForTaskWorkers: false, problems: [], strangers: 0 };

function stranger({ id, value }: Message<EventsMessage>): TakenMessage {
  return { ...nothing, id, strangers: 'frames' in value ? value.frames.length : 1 };
}

async function read(deps: ReadDeps, message: Message<EventsMessage>): Promise<TakenMessage> {
  const { id, value, sentAt } = message;
  const isOurs = 'events' in value || 'logs' in value || 'statuses' in value || 'taskWorkers' in value;
  // What only we may say is not looked into; a client that says it wants to get around the checks of frames.
  if (isOurs && message.connection !== undefined) return { ...nothing, id, problems: ['a frame that is no event'] };
  if ('events' in value) return { ...nothing, id, events: value.events };
  if ('logs' in value) return { ...nothing, id, logs: value.logs };
  if ('statuses' in value) return { ...nothing, id, statuses: value.statuses };
  if ('taskWorkers' in value) return { ...nothing, id, asksForTaskWorkers: true };
  const frames = 'frames' in value ? value.frames : await deps.largeParts.read(value.part);
  if (frames === undefined) return { ...nothing, id, problems: ['a large frame is gone from the store'] };
  const read = (typeof frames === 'string' ? [frames] : frames).map(readFrame);
  const received = sentAt ?? deps.now();
  return {
    ...nothing,
    id,
    events: read.flatMap((one) => (one.kind === 'event' ? receivedEvent(one.sent, received) : [])),
    problems: read.flatMap((one) => (one.kind === 'bad' ? one.problem : [])),
  };
}
