// What use cases need from the stores of automations, of what their triggers remember, and of their firings.
import type { Automation } from '../domain/automation/automation.ts';
import type { ActionResult } from '../domain/automation/automation-events.ts';
import type { TriggerState } from '../domain/automation/bucket.ts';
import type { CompositeState, Firing } from '../domain/automation/firing.ts';
import type { MetricSlot, MetricState } from '../domain/automation/metric.ts';
import type { PrefectEvent } from '../domain/event/event.ts';
import type { Write } from './runs.ts';

/** What a trigger begins with when its automation is switched on. */
export type FirstState =
  | { readonly kind: 'bucket'; readonly triggerId: string; readonly state: TriggerState; readonly dueAt: number }
  | { readonly kind: 'metric'; readonly triggerId: string; readonly state: MetricState };

export type Automations = {
  /** With what its triggers begin with, in one transaction. */
  create(automation: Automation, first: readonly FirstState[]): Promise<Write>;
  read(id: string): Promise<Automation | undefined>;
  list(): Promise<readonly Automation[]>;
  /** Another number after every write of any automation. */
  revision(): Promise<number>;
  change(before: Automation, after: Automation, first: readonly FirstState[]): Promise<Write>;
  remove(before: Automation): Promise<Write>;
};

/** The list, read again when it has changed. */
export type KnownAutomations = { current(): Promise<readonly Automation[]> };

/** What is stored for one key of an event trigger; version 0: nothing yet. */
export type KnownBucket = {
  readonly version: number;
  readonly automationId: string;
  readonly triggerId: string;
  readonly key: readonly string[];
  readonly state: TriggerState;
};

export type KnownComposite = { readonly triggerId: string; readonly version: number; readonly state: CompositeState };

export type KnownMetric = {
  readonly version: number;
  readonly automationId: string;
  readonly triggerId: string;
  readonly state: MetricState;
};

export type NewFiring = {
  readonly firing: Firing;
  /** As it was then: what happens afterwards changes nothing of what is under way. */
  readonly automation: Automation;
  /** What made it fire, if it is small enough to go with it; else it is read from the event store. */
  readonly event?: PrefectEvent;
};

/** One step of a trigger, written as a whole or not at all. */
export type TriggerMove = {
  readonly bucket?: {
    readonly before: KnownBucket;
    readonly after: TriggerState;
    readonly dueAt?: number;
    /** When nobody needs it any more, epoch milliseconds. */
    readonly forgottenAt: number;
  };
  readonly metric?: { readonly before: KnownMetric; readonly after: MetricState | undefined };
  readonly composites: readonly { readonly before: KnownComposite; readonly after: CompositeState }[];
  /** Events that this step takes into account: none of them may have been before. */
  readonly seen?: { readonly triggerId: string; readonly eventIds: readonly string[] };
  /** What a run gives to a figure. */
  readonly sample?: { readonly triggerId: string; readonly minute: number; readonly value: number };
  readonly firings: readonly NewFiring[];
  /** When the clock looks after the firings, epoch milliseconds. */
  readonly firingsDueAt: number;
};

export type TriggerStates = {
  readBucket(at: Pick<KnownBucket, 'automationId' | 'triggerId' | 'key'>): Promise<KnownBucket>;
  /** By the id that the clock found in its index: the state of a bucket or of a metric. */
  readDue(stateId: string): Promise<{ readonly bucket: KnownBucket } | { readonly metric: KnownMetric } | undefined>;
  readComposites(triggerIds: readonly string[]): Promise<readonly KnownComposite[]>;
  readSlots(triggerId: string, fromMinute: number): Promise<readonly MetricSlot[]>;
  /** Those of the events that the trigger has not taken into account yet. */
  unseen(triggerId: string, eventIds: readonly string[]): Promise<readonly string[]>;
  commit(move: TriggerMove): Promise<Write>;
  /** A firing that nothing else goes with. `lost`: it is there already. */
  fire(firing: NewFiring, dueAt: number): Promise<Write>;
};

export type ActionRecord = {
  readonly version: number;
  readonly attempts: number;
  /** Somebody is at it until then, epoch milliseconds. */
  readonly leasedUntil?: number;
  readonly nextAt?: number;
  /** Which of several deliveries have arrived. */
  readonly sent?: readonly number[];
  readonly performed?: { readonly at: number; readonly result: ActionResult };
};

export type Firings = {
  read(id: string): Promise<NewFiring | undefined>;
  readActions(id: string): Promise<ReadonlyMap<number, ActionRecord>>;
  changeAction(
    id: string,
    index: number,
    change: { readonly before?: ActionRecord; readonly after: ActionRecord },
  ): Promise<Write>;
  /** The clock looks again then. */
  postpone(id: string, dueAt: number): Promise<void>;
  /** Nothing is left to do. */
  finish(id: string): Promise<void>;
};
