// Variables that the environments of most steps share, in one place so that two steps cannot differ.
import type { Settings } from '../settings.ts';
import type { DataResources } from '../stacks/data-stack.ts';

export type StoreVariables = {
  readonly SLIPWAY_CONTROL_TABLE: string;
  readonly SLIPWAY_BULK_TABLE: string;
  readonly SLIPWAY_SUBMIT_QUEUE_URL: string;
  readonly SLIPWAY_OBSERVE_QUEUE_URL: string;
};

/** Where a step finds the tables and leaves hints. */
export function storeVariables(data: DataResources): StoreVariables {
  return {
    SLIPWAY_CONTROL_TABLE: data.tables.control.tableName,
    SLIPWAY_BULK_TABLE: data.tables.bulk.tableName,
    SLIPWAY_SUBMIT_QUEUE_URL: data.queues.byName.submit.queue.queueUrl,
    SLIPWAY_OBSERVE_QUEUE_URL: data.queues.byName.observe.queue.queueUrl,
  };
}

export type BodyVariables = { readonly SLIPWAY_BODY_BUCKET: string };

/** Where bodies of runs lie that no item holds. */
export function bodyVariables(data: DataResources): BodyVariables {
  return { SLIPWAY_BODY_BUCKET: data.bodies.bucketName };
}

export type EventVariables = { readonly SLIPWAY_EVENTS_QUEUE_URL: string; readonly SLIPWAY_EVENT_DAYS: string };

/** Where a step sends events, and how long the store keeps them. */
export function eventVariables(data: DataResources, settings: Settings): EventVariables {
  return {
    SLIPWAY_EVENTS_QUEUE_URL: data.queues.byName.events.queue.queueUrl,
    SLIPWAY_EVENT_DAYS: String(settings.eventDays),
  };
}
