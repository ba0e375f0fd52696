// Counters and the outgoing events of publish.
import type { Worker } from '../domain/catalogue.ts';
import type { CatalogueChange } from '../domain/event/catalogue-event.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Run } from '../domain/run/run.ts';
import type { StateType } from '../domain/run/state.ts';
import type { Write } from './runs.ts';
import type { ToldStatus } from './statuses.ts';

/** Whom a run counts for: one counter row each. */
export type CounterKey = {
  readonly flowId: string;
  readonly deploymentId?: string;
  readonly workPoolName?: string;
  readonly workQueueId?: string;
};

export type CounterMove = { readonly key: CounterKey; readonly type: StateType; readonly by: number };

export type CounterRow = { readonly key: CounterKey; readonly counts: Readonly<Partial<Record<StateType, number>>> };

export type Counters = {
  /** The sequence number of the last record that was counted for a stream shard. */
  checkpoint(shard: string): Promise<string | undefined>;
  /** Moves the rows and the shard's checkpoint from `before` to `last` in one transaction. */
  apply(
    shard: string,
    sequence: { readonly before: string | undefined; readonly last: string },
    moves: readonly CounterMove[],
  ): Promise<Write>;
  read(): Promise<readonly CounterRow[]>;
};

/** An event on its way out of the stack; `id` is the id of the state that it tells of. */
export type OutgoingEvent = {
  readonly id: string;
  readonly time: number;
  readonly detailType: string;
  readonly detail: JsonObject;
};

/** Towards the slow ones: whatever is sent here is delivered by itself, and again when a receiver fails. */
export type Outbox = { send(events: readonly OutgoingEvent[]): Promise<void> };

export type Bus = { put(events: readonly OutgoingEvent[]): Promise<void> };

/** A change of something else that events tell of; `before` and `after` are absent for what was created and deleted. */
export type ThingChange = (
  | CatalogueChange
  | { readonly kind: 'worker'; readonly before?: Worker | undefined; readonly after?: Worker | undefined }
  | { readonly kind: 'status'; readonly before?: ToldStatus | undefined; readonly after?: ToldStatus | undefined }
) & {
  /** The same for the same write, however often its record comes. */
  readonly writtenAs: string;
};

export type ThingKind = ThingChange['kind'];

/** A change of one run's head; `before` and `after` are absent for created and deleted runs. */
export type HeadChange = { readonly sequence: string; readonly before?: Run; readonly after?: Run };
