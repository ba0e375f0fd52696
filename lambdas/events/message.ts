// Messages of the queue `events` as they come: bare frames of `/events/in`, frames in packs, large parts, log lines,
// and events of our own making (shared/ports/events-queue.ts).
import { z } from 'zod';
import { event } from '../../shared/contract/events.ts';
import type { LogLine } from '../../shared/domain/catalogue.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import type { EventsMessage } from '../../shared/ports/events-queue.ts';
import type { StatusRef } from '../../shared/ports/statuses.ts';

/** What we wrote ourselves is not looked into again. */
const ours = <T>() => z.array(z.custom<T>((value) => typeof value === 'object' && value !== null));

/** A frame that is no event is JSON all the same: the greeting of a client, which is dropped. */
const otherFrame = z.object({ type: z.string(), event: z.undefined().optional() }).transform(() => ({ frames: [] }));

const bareFrame = z.looseObject({ event: z.string() }).transform((frame) => ({ frames: [JSON.stringify(frame)] }));

export const eventsMessage: z.ZodType<EventsMessage> = z.union([
  z.object({ events: ours<PrefectEvent>() }),
  z.object({ frames: z.array(z.string()) }),
  z.object({ part: z.object({ id: z.string(), count: z.number().int().positive() }) }),
  z.object({ logs: ours<LogLine>() }),
  z.object({ statuses: ours<StatusRef>() }),
  z.object({ taskWorkers: z.literal('check') }),
  bareFrame,
  otherFrame,
]);

export type ReadFrame =
  | { readonly kind: 'event'; readonly sent: z.output<typeof event> }
  | { readonly kind: 'other' }
  | { readonly kind: 'bad'; readonly problem: string };

/** One text frame of `/events/in`. */
export function readFrame(text: string): ReadFrame {
  const value = parsedJson(text);
  if (value === undefined) return { kind: 'bad', problem: 'the frame is not JSON' };
  if (otherFrame.safeParse(value).success) return { kind: 'other' };
  const parsed = event.safeParse(value);
  if (parsed.success) return { kind: 'event', sent: parsed.data };
  const [issue] = parsed.error.issues;
  return { kind: 'bad', problem: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as wanted'}` };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
