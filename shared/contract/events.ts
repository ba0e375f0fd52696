// Events: what clients tell of, and what is asked of the store. Sizes and counts are bounded as Prefect bounds them.
import { z } from 'zod';
import type { PrefectEvent } from '../domain/event/event.ts';
import { timeUnits } from '../domain/event/time-buckets.ts';
import { defineRoutes } from './define-routes.ts';
import { eventFilter } from './event-filters.ts';
import { fields, jsonObject, time, timeText, uuid } from './scalars.ts';

const mostLabels = 500;
const mostRelated = 100;
const longestName = 1024;

const resource = z
  .record(z.string(), z.string())
  .superRefine((labels, context) => {
    const problem = problemOf(labels);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: `Value error, ${problem}` });
  })
  .meta({ id: 'Resource' });

const relatedResource = resource
  .superRefine((labels, context) => {
    const role = labels['prefect.resource.role'];
    if (role === undefined) {
      const message = 'Value error, Related Resources must include the prefect.resource.role label';
      context.addIssue({ code: 'custom', message });
    } else if (role === '') {
      const message = 'Value error, The prefect.resource.role label must be non-empty';
      context.addIssue({ code: 'custom', message });
    }
  })
  .meta({ id: 'RelatedResource' });

function problemOf(labels: Readonly<Record<string, string>>): string | undefined {
  if (Object.keys(labels).length > mostLabels) return `The maximum number of labels per resource is ${mostLabels}`;
  const id = labels['prefect.resource.id'];
  if (id === undefined) return 'Resources must include the prefect.resource.id label';
  return id === '' ? 'The prefect.resource.id label must be non-empty' : undefined;
}

/** An event as a client sends it: in `POST /events` and as a frame of `/events/in`. */
export const event = z
  .object({
    occurred: time,
    event: z.string().refine((text) => text.length <= longestName, {
      message: `Value error, Event name must be at most ${longestName} characters`,
    }),
    resource,
    related: z
      .array(relatedResource)
      .refine((list) => list.length <= mostRelated, {
        message: `Value error, The maximum number of related resources is ${mostRelated}`,
      })
      .default([]),
    payload: jsonObject.default({}),
    id: uuid,
    follows: uuid.nullish(),
  })
  .meta({ id: 'Event' });

/** The event as we have it, once it is here. `received`: epoch milliseconds. */
export function receivedEvent({ follows, ...sent }: z.output<typeof event>, received: number): PrefectEvent {
  return { ...sent, received, ...(follows ? { follows } : {}) };
}

const answered = z
  .object({
    occurred: timeText,
    event: z.string(),
    resource: z.record(z.string(), z.string()),
    related: z.array(z.record(z.string(), z.string())),
    payload: jsonObject,
    id: z.string(),
    follows: z.string().nullable(),
    received: timeText,
  })
  .meta({ id: 'ReceivedEvent' });

const eventPage = z
  .object({ events: z.array(answered), total: z.number().int(), next_page: z.string().nullable() })
  .meta({ id: 'EventPage' });

const eventCount = z
  .object({
    value: z.string(),
    label: z.string(),
    count: z.number().int(),
    start_time: timeText,
    end_time: timeText,
  })
  .meta({ id: 'EventCount' });

export const largestEventPage = 50;

export const countables = ['day', 'time', 'event', 'resource'] as const;

export const eventRoutes = defineRoutes({
  create_events: {
    method: 'POST',
    path: '/events',
    summary: 'Take events',
    status: 204,
    body: z.array(event),
    errors: ['invalid_request', 'too_large', 'unavailable'],
  },
  read_events: {
    method: 'POST',
    path: '/events/filter',
    summary: 'List events, the newest first unless asked otherwise',
    status: 200,
    body: fields({
      filter: eventFilter.nullish(),
      limit: z.number().int().min(0).max(largestEventPage).default(largestEventPage),
    }),
    response: eventPage,
    errors: ['invalid_request'],
  },
  read_account_events_page: {
    method: 'GET',
    path: '/events/filter/next',
    summary: 'The next page of a list of events',
    status: 200,
    query: z.object({ 'page-token': z.string() }),
    response: eventPage,
    errors: ['forbidden', 'invalid_request'],
  },
  count_account_events: {
    method: 'POST',
    path: '/events/count-by/{countable}',
    summary: 'Count events by time, name or resource',
    status: 200,
    params: z.object({ countable: z.string().meta({ id: 'Countable', enum: [...countables] }) }),
    body: fields({
      filter: eventFilter,
      time_unit: z.enum(timeUnits).meta({ id: 'TimeUnit' }).default('day'),
      time_interval: z.number().min(0.01).default(1),
    }),
    response: z.array(eventCount),
    errors: ['invalid_request'],
  },
});
