// An event as Prefect has it: what happened, to which resource, with which others related.
// Its id is the caller's: whoever sees an event twice knows it by that id.
import type { JsonObject } from '../json.ts';

/** Labels of a resource; `prefect.resource.id` names it, `prefect.resource.role` says how a related one is related. */
export type EventResource = Readonly<Record<string, string>>;

export type PrefectEvent = {
  readonly id: string;
  /** Epoch milliseconds, by the clock of whoever it happened to. */
  readonly occurred: number;
  /** Epoch milliseconds, by ours. */
  readonly received: number;
  /** `prefect.flow-run.Completed`, and whatever users call theirs. */
  readonly event: string;
  readonly resource: EventResource;
  readonly related: readonly EventResource[];
  readonly payload: JsonObject;
  /** The id of the event that this one follows. */
  readonly follows?: string;
};
