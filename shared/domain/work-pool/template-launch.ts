// The variables of an `ecs:push` template that say how tasks are launched again and how long they may take.
// None stands in the job configuration: they are read by name (`launch-settings.ts`), so any template may declare them.
import type { Json, JsonObject } from '../json.ts';
import { ruleActions } from '../run/infrastructure-rules.ts';
import {
  capacityFallbacks,
  type Limits,
  mostRules,
  mostSizes,
  settingLimits,
  subnetRotations,
} from '../task/launch-settings.ts';
import type { Wording } from './template-property.ts';

function orNull(schema: JsonObject, wording: Wording): JsonObject {
  return { anyOf: [schema, { type: 'null' }], default: null, ...wording };
}

function within({ from, to }: Limits): JsonObject {
  return { type: 'integer', minimum: from, maximum: to };
}

function words(allowed: readonly string[]): JsonObject {
  return { type: 'string', enum: allowed };
}

function listOf(items: Json, most: number): JsonObject {
  return { type: 'array', items, maxItems: most };
}

const size: JsonObject = {
  type: 'object',
  required: ['cpu', 'memory'],
  properties: { cpu: { type: 'integer', title: 'CPU' }, memory: { type: 'integer', title: 'Memory' } },
};

const rule: JsonObject = {
  type: 'object',
  properties: {
    stop_code: { type: 'string', title: 'Stop Code' },
    reason: { type: 'string', title: 'Reason' },
    exit_code: { type: 'integer', title: 'Exit Code' },
    action: { ...words(ruleActions), default: 'retry', title: 'Action' },
  },
  additionalProperties: false,
};

export const launchVariables: JsonObject = {
  start_deadline_seconds: orNull(within(settingLimits.start_deadline_seconds), {
    title: 'Start Deadline Seconds',
    description:
      'A task that is not running this long after its run was claimed is stopped, and a new attempt is made. ' +
      'Unless given: 900, on FARGATE_SPOT 1200, with capacity providers of your own 1500.',
  }),
  maximum_duration_seconds: orNull(within(settingLimits.maximum_duration_seconds), {
    title: 'Maximum Duration Seconds',
    description: 'A task that runs longer is stopped, and its run fails as TimedOut. A day unless given.',
  }),
  infrastructure_retries: orNull(within(settingLimits.infrastructure_retries), {
    title: 'Infrastructure Retries',
    description:
      'New attempts that a run may cost because of Spot, lost hosts, missing capacity and starts that fail. ' +
      "They are no retries of the flow's own. 3 unless given.",
  }),
  infrastructure_rules: orNull(listOf(rule, mostRules), {
    title: 'Infrastructure Rules',
    description:
      'Which ends of a task are the infrastructure’s, by stop_code, reason (found anywhere, * for anything between) and ' +
      'exit_code; all that a rule names must fit, the first rule that fits counts. action retry (unless given) makes a new ' +
      'attempt, end makes none.',
  }),
  capacity_fallback: orNull(words(capacityFallbacks), {
    title: 'Capacity Fallback',
    description: 'on-demand: where FARGATE_SPOT has no room or took its task back, the run goes on on FARGATE.',
  }),
  subnet_rotation: orNull(words(subnetRotations), {
    title: 'Subnet Rotation',
    description:
      'Whether a task is launched into one subnet, and so one zone, at a time: never, always, or after a failure. ' +
      'Unless given: after a failure on Fargate, never elsewhere.',
  }),
  size_alternatives: orNull(listOf(size, mostSizes), {
    title: 'Size Alternatives',
    description: 'Sizes (cpu, memory) to try in turn where there is no room for the one asked for.',
  }),
};
