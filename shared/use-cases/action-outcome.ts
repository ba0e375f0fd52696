// What an action is given, and what came of it.
import type { Action } from '../domain/automation/automation.ts';
import type { ActionResult, TriggeredAction } from '../domain/automation/automation-events.ts';
import { idOfFirst } from '../domain/automation/resource-match.ts';
import type { EventResource } from '../domain/event/event.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Occasion } from './template-context.ts';

/** An action with everything it needs to know. */
export type Task<Kind extends Action = Action> = Occasion & {
  readonly triggered: TriggeredAction;
  readonly action: Kind;
  /** Which of several deliveries are done already. */
  readonly sent: readonly number[];
};

export type Outcome =
  | { readonly kind: 'done'; readonly result: ActionResult }
  /** What may pass by itself; `result` is the end of it when it does not. */
  | { readonly kind: 'again'; readonly result: ActionResult; readonly sent: readonly number[] };

export function succeeded(details: JsonObject, resources: readonly EventResource[] = []): Outcome {
  return { kind: 'done', result: { isSuccess: true, details, resources } };
}

export function failed(reason: string, resources: readonly EventResource[] = [], details: JsonObject = {}): Outcome {
  return { kind: 'done', result: { isSuccess: false, reason, details, resources } };
}

export type Switch = Extract<Action, { readonly target: unknown }>;

/** The id that an action names, or that its event is about; a sentence when there is none. */
export function targetId(
  { action, event }: Task<Switch>,
  kind: string,
  word: string,
): { readonly id: string } | { readonly problem: string } {
  if (action.target.kind === 'selected') return { id: action.target.id };
  if (event === undefined) return { problem: `No event to infer the ${word}` };
  const id = idOfFirst(event, kind);
  return id === undefined ? { problem: `No ${word} could be inferred` } : { id };
}
