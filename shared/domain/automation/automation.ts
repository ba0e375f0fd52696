// Automations: what to watch for (a trigger) and what to do then (actions). Prefect's words, camelCase; durations in
// seconds. A trigger has an id of its own, which changes whenever the automation is saved.
import type { JsonObject } from '../json.ts';
import type { StateType } from '../run/state.ts';

/** Labels that a resource must carry; each value is a shell pattern, `!` in front negates it. */
export type LabelSpec = Readonly<Record<string, string | readonly string[]>>;

export const postures = ['Reactive', 'Proactive'] as const;
export type Posture = (typeof postures)[number];

type Watched = {
  readonly id: string;
  readonly match: LabelSpec;
  readonly matchRelated: LabelSpec | readonly LabelSpec[];
};

/** Fires on the presence (Reactive) or the absence (Proactive) of events. */
export type EventTrigger = Watched & {
  readonly type: 'event';
  /** Events that open the window; none: it is always open. */
  readonly after: readonly string[];
  /** Events that are counted; none: all of them. */
  readonly expect: readonly string[];
  /** Labels whose values part the counting; `related:<role>:<label>` is that of a related resource. */
  readonly forEach: readonly string[];
  readonly posture: Posture;
  readonly threshold: number;
  readonly withinSeconds: number;
};

export const metricNames = ['lateness', 'duration', 'successes'] as const;
export type MetricName = (typeof metricNames)[number];
export const metricOperators = ['<', '<=', '>', '>='] as const;
export type MetricOperator = (typeof metricOperators)[number];

/** Fires when a figure about flow runs breaches its threshold for long enough. */
export type MetricTrigger = Watched & {
  readonly type: 'metric';
  readonly metric: {
    readonly name: MetricName;
    /** Seconds for lateness and duration, a share between 0 and 1 for successes. */
    readonly threshold: number;
    readonly operator: MetricOperator;
    /** How far back the figure looks. */
    readonly rangeSeconds: number;
    /** How long the figure must breach (or be well again) without a break. */
    readonly firingForSeconds: number;
  };
};

export type CompoundTrigger = {
  readonly type: 'compound';
  readonly id: string;
  readonly triggers: readonly Trigger[];
  readonly withinSeconds: number | null;
  readonly require: number | 'any' | 'all';
};

export type SequenceTrigger = {
  readonly type: 'sequence';
  readonly id: string;
  readonly triggers: readonly Trigger[];
  readonly withinSeconds: number | null;
};

export type CompositeTrigger = CompoundTrigger | SequenceTrigger;
export type Trigger = EventTrigger | MetricTrigger | CompositeTrigger;

/** `selected` goes with an id, `inferred` takes it from the event. */
type Target = { readonly kind: 'selected'; readonly id: string } | { readonly kind: 'inferred' };

export const deploymentSwitches = ['pause-deployment', 'resume-deployment'] as const;
export const workPoolSwitches = ['pause-work-pool', 'resume-work-pool'] as const;
export const workQueueSwitches = ['pause-work-queue', 'resume-work-queue'] as const;
export const automationSwitches = ['pause-automation', 'resume-automation'] as const;
export const switches = [
  ...deploymentSwitches,
  ...workPoolSwitches,
  ...workQueueSwitches,
  ...automationSwitches,
] as const;
export const plainRunActions = ['cancel-flow-run', 'delete-flow-run', 'suspend-flow-run', 'resume-flow-run'] as const;

export type Action =
  | { readonly type: 'do-nothing' }
  | { readonly type: (typeof switches)[number]; readonly target: Target }
  | { readonly type: (typeof plainRunActions)[number] }
  | {
      readonly type: 'run-deployment';
      readonly target: Target;
      readonly parameters: JsonObject | null;
      readonly jobVariables: JsonObject | null;
      readonly scheduleAfterSeconds: number;
    }
  | {
      readonly type: 'change-flow-run-state';
      readonly name: string | null;
      readonly state: StateType;
      readonly message: string | null;
      readonly force: boolean;
    }
  | {
      readonly type: 'send-notification';
      readonly blockDocumentId: string;
      readonly subject: string;
      readonly body: string;
    }
  | { readonly type: 'call-webhook'; readonly blockDocumentId: string; readonly payload: string };

export type ActionOf<Type extends Action['type']> = Extract<Action, { readonly type: Type }>;

export type Automation = {
  readonly id: string;
  readonly version: number;
  readonly created: number;
  readonly updated: number;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly tags: readonly string[];
  readonly trigger: Trigger;
  readonly actions: readonly Action[];
  readonly actionsOnTrigger: readonly Action[];
  readonly actionsOnResolve: readonly Action[];
  /** The resource whose automation this is; it goes when the owner takes its automations away. */
  readonly ownerResource?: string;
};

/** A trigger and everything inside it. */
export function allTriggers(trigger: Trigger): readonly Trigger[] {
  if (trigger.type === 'event' || trigger.type === 'metric') return [trigger];
  return [trigger, ...trigger.triggers.flatMap(allTriggers)];
}

/** The composites around a trigger, from the inside out; undefined when it is not in there. */
export function parentsOf(root: Trigger, id: string): readonly CompositeTrigger[] | undefined {
  if (root.id === id) return [];
  if (root.type === 'event' || root.type === 'metric') return undefined;
  for (const child of root.triggers) {
    const below = parentsOf(child, id);
    if (below !== undefined) return [...below, root];
  }
  return undefined;
}

export function withNewIds(trigger: Trigger, newId: () => string): Trigger {
  if (trigger.type === 'event' || trigger.type === 'metric') return { ...trigger, id: newId() };
  return { ...trigger, id: newId(), triggers: trigger.triggers.map((child) => withNewIds(child, newId)) };
}

export function allActions({
  actions,
  actionsOnTrigger,
  actionsOnResolve,
}: Pick<Automation, 'actions' | 'actionsOnTrigger' | 'actionsOnResolve'>): readonly Action[] {
  return [...actions, ...actionsOnTrigger, ...actionsOnResolve];
}

/** The resources that an automation belongs to or runs: its owner, and the deployments that it starts by name. */
export function relatedResources({ ownerResource, actions }: Automation): ReadonlySet<string> {
  const started = actions.flatMap((action) =>
    action.type === 'run-deployment' && action.target.kind === 'selected'
      ? [`prefect.deployment.${action.target.id}`]
      : [],
  );
  return new Set([...(ownerResource === undefined ? [] : [ownerResource]), ...started]);
}
