// Counters and the outgoing events of publish.
import type { JsonObject } from '../domain/json.ts';
import type { StateType } from '../domain/run/state.ts';

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
  /**
   * Applies the moves of one stream batch exactly once: the shard's checkpoint moves in the same transaction.
   * A batch at or before the checkpoint changes nothing.
   */
  apply(
    shard: string,
    sequence: { readonly first: string; readonly last: string },
    moves: readonly CounterMove[],
  ): Promise<void>;
  checkpoint(shard: string): Promise<string | undefined>;
  read(): Promise<readonly CounterRow[]>;
};

export type OutgoingEvent = {
  readonly id: string;
  readonly time: number;
  readonly detailType: string;
  readonly detail: JsonObject;
};

export type Outbox = { send(events: readonly OutgoingEvent[]): Promise<void> };
export type Bus = { put(events: readonly OutgoingEvent[]): Promise<void> };
