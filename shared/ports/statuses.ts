// What was last told of the status of pools, queues and deployments, so that each change is told once.
import type { EventResource } from '../domain/event/event.ts';
import type { Status } from '../domain/work-pool/status.ts';
import type { Write } from './runs.ts';

export type StatusKind = 'work-pool' | 'work-queue' | 'deployment';

/** A pool by its name, queues and deployments by their ids. */
export type StatusRef = { readonly kind: StatusKind; readonly key: string };

export type ToldStatus = StatusRef & {
  readonly version: number;
  readonly status: Status;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The event that tells it: its id and what it is about, as things were when they changed. */
  readonly event: {
    readonly id: string;
    readonly resource: EventResource;
    readonly related: readonly EventResource[];
    readonly follows?: string;
  };
  /** The version of the thing that this was read off; an older one has nothing to tell any more. */
  readonly of: number;
  /** When the clock must look whether it still holds, epoch milliseconds; absent when time alone changes nothing. */
  readonly dueAt?: number;
};

export type Statuses = {
  read(ref: StatusRef): Promise<ToldStatus | undefined>;
  /** Conditional on the version of `before`, or on there being none. */
  write(before: ToldStatus | undefined, after: ToldStatus): Promise<Write>;
  remove(ref: StatusRef): Promise<void>;
  /** From an index. */
  due(request: { readonly until: number; readonly limit: number }): Promise<readonly StatusRef[]>;
};

/** Asks the consumer of events to look at these again. */
export type StatusHints = { send(refs: readonly StatusRef[]): Promise<void> };
