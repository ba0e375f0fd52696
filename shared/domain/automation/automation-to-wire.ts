// An automation as Prefect's API shows it; templates and lifecycle events see it the same way.
import { isoText } from '../iso-time.ts';
import type { JsonObject } from '../json.ts';
import type { Action, Automation, LabelSpec, Trigger } from './automation.ts';
import { listOfSpecs } from './resource-match.ts';

type Specs = LabelSpec | readonly LabelSpec[];

const copyOf = (spec: LabelSpec): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(spec).map(([label, value]) => [label, typeof value === 'string' ? value : [...value]]),
  );

function specsToWire(specs: Specs) {
  const [only = {}] = listOfSpecs(specs);
  return Array.isArray(specs) ? listOfSpecs(specs).map(copyOf) : copyOf(only);
}

export function triggerToWire(trigger: Trigger): TriggerWire {
  switch (trigger.type) {
    case 'event':
      return {
        type: trigger.type,
        id: trigger.id,
        match: copyOf(trigger.match),
        match_related: specsToWire(trigger.matchRelated),
        after: [...trigger.after],
        expect: [...trigger.expect],
        for_each: [...trigger.forEach],
        posture: trigger.posture,
        threshold: trigger.threshold,
        within: trigger.withinSeconds,
      };
    case 'metric':
      return {
        type: trigger.type,
        id: trigger.id,
        match: copyOf(trigger.match),
        match_related: specsToWire(trigger.matchRelated),
        posture: 'Metric',
        metric: {
          name: trigger.metric.name,
          threshold: trigger.metric.threshold,
          operator: trigger.metric.operator,
          range: trigger.metric.rangeSeconds,
          firing_for: trigger.metric.firingForSeconds,
        },
      };
    case 'compound':
      return { ...compositeToWire(trigger), type: trigger.type, require: trigger.require };
    case 'sequence':
      return { ...compositeToWire(trigger), type: trigger.type };
  }
}

function compositeToWire(trigger: Extract<Trigger, { type: 'compound' | 'sequence' }>) {
  return { id: trigger.id, triggers: trigger.triggers.map(triggerToWire), within: trigger.withinSeconds };
}

type CompositeWire = { id: string; triggers: TriggerWire[]; within: number | null };
export type TriggerWire =
  | {
      type: 'event';
      id: string;
      match: Record<string, string | string[]>;
      match_related: Record<string, string | string[]> | Record<string, string | string[]>[];
      after: string[];
      expect: string[];
      for_each: string[];
      posture: 'Reactive' | 'Proactive';
      threshold: number;
      within: number;
    }
  | {
      type: 'metric';
      id: string;
      match: Record<string, string | string[]>;
      match_related: Record<string, string | string[]> | Record<string, string | string[]>[];
      posture: 'Metric';
      metric: {
        name: 'lateness' | 'duration' | 'successes';
        threshold: number;
        operator: '<' | '<=' | '>' | '>=';
        range: number;
        firing_for: number;
      };
    }
  | (CompositeWire & { type: 'compound'; require: number | 'any' | 'all' })
  | (CompositeWire & { type: 'sequence' });

type IdField = 'deployment_id' | 'work_pool_id' | 'work_queue_id' | 'automation_id';

function targetToWire(action: Extract<Action, { readonly target: unknown }>): JsonObject {
  const { target } = action;
  return { source: target.kind, [idFieldOf(action.type)]: target.kind === 'selected' ? target.id : null };
}

/** The field that names what a switch is about. */
function idFieldOf(type: Extract<Action, { readonly target: unknown }>['type']): IdField {
  switch (type) {
    case 'run-deployment':
    case 'pause-deployment':
    case 'resume-deployment':
      return 'deployment_id';
    case 'pause-work-pool':
    case 'resume-work-pool':
      return 'work_pool_id';
    case 'pause-work-queue':
    case 'resume-work-queue':
      return 'work_queue_id';
    case 'pause-automation':
    case 'resume-automation':
      return 'automation_id';
  }
}

function actionToWire(action: Action): JsonObject & { readonly type: Action['type'] } {
  const { type } = action;
  switch (action.type) {
    case 'run-deployment':
      return {
        type,
        ...targetToWire(action),
        parameters: action.parameters,
        job_variables: action.jobVariables,
        schedule_after: action.scheduleAfterSeconds,
      };
    case 'change-flow-run-state':
      return { type, name: action.name, state: action.state, message: action.message, force: action.force };
    case 'send-notification':
      return { type, block_document_id: action.blockDocumentId, subject: action.subject, body: action.body };
    case 'call-webhook':
      return { type, block_document_id: action.blockDocumentId, payload: action.payload };
    case 'do-nothing':
    case 'cancel-flow-run':
    case 'delete-flow-run':
    case 'suspend-flow-run':
    case 'resume-flow-run':
      return { type };
    default:
      return { type, ...targetToWire(action) };
  }
}

export function automationToWire(automation: Automation) {
  return {
    name: automation.name,
    description: automation.description,
    enabled: automation.enabled,
    tags: [...automation.tags],
    trigger: triggerToWire(automation.trigger),
    actions: automation.actions.map(actionToWire),
    actions_on_trigger: automation.actionsOnTrigger.map(actionToWire),
    actions_on_resolve: automation.actionsOnResolve.map(actionToWire),
    id: automation.id,
    created: isoText(automation.created),
    updated: isoText(automation.updated),
  };
}
