// Triggers of automations on the wire. The type may be left out: the fields tell it, as with Prefect.
import { z } from 'zod';
import { metricNames, metricOperators, postures, type Trigger } from '../domain/automation/automation.ts';
import type { TriggerWire } from '../domain/automation/automation-to-wire.ts';
import { durationSeconds } from './scalars.ts';

const resourceSpecification = z
  .record(z.string(), z.union([z.string(), z.array(z.string())]))
  .meta({ id: 'ResourceSpecification' });

const specifications = z.union([resourceSpecification, z.array(resourceSpecification)]);

/** A set in Prefect: the order means nothing, each text counts once. */
const texts = z
  .array(z.string())
  .transform((list) => [...new Set(list)])
  .default([]);

const notNegativeSeconds = durationSeconds.refine((seconds) => seconds >= 0, {
  message: 'Input should be greater than or equal to 0 seconds',
});

const watched = {
  id: z.string().optional(),
  match: resourceSpecification.default({}),
  match_related: specifications.default({}),
};

const shortestProactiveSeconds = 10;

const eventTrigger = z
  .object({
    ...watched,
    type: z.literal('event').default('event'),
    after: texts,
    expect: texts,
    for_each: texts,
    posture: z.enum(postures),
    threshold: z.number().int().default(1),
    within: notNegativeSeconds.default(0),
  })
  .transform((sent, context): Trigger => {
    const isProactive = sent.posture === 'Proactive';
    if (isProactive && sent.within > 0 && sent.within < shortestProactiveSeconds) {
      const message = `Value error, \`within\` for Proactive triggers must be greater than or equal to ${shortestProactiveSeconds} seconds`;
      context.addIssue({ code: 'custom', message, path: ['within'] });
    }
    return {
      type: 'event',
      id: '',
      match: sent.match,
      matchRelated: sent.match_related,
      after: sent.after,
      expect: sent.expect,
      forEach: sent.for_each,
      posture: sent.posture,
      threshold: sent.threshold,
      withinSeconds: isProactive && sent.within === 0 ? shortestProactiveSeconds : sent.within,
    };
  })
  .meta({ id: 'EventTrigger-Input' });

const fiveMinutes = 300;
const fiveMinutesOrMore = durationSeconds.refine((seconds) => seconds >= fiveMinutes, {
  message: 'Value error, The minimum range is 300 seconds (5 minutes)',
});

const metricTrigger = z
  .object({
    ...watched,
    type: z.literal('metric').default('metric'),
    posture: z.literal('Metric').default('Metric'),
    metric: z
      .object({
        name: z.enum(metricNames),
        threshold: z.number(),
        operator: z.enum(metricOperators),
        range: fiveMinutesOrMore.default(fiveMinutes),
        firing_for: fiveMinutesOrMore.default(fiveMinutes),
      })
      .meta({ id: 'MetricTriggerQuery' }),
  })
  .transform(
    ({ match, match_related, metric }): Trigger => ({
      type: 'metric',
      id: '',
      match,
      matchRelated: match_related,
      metric: {
        name: metric.name,
        threshold: metric.threshold,
        operator: metric.operator,
        rangeSeconds: metric.range,
        firingForSeconds: metric.firing_for,
      },
    }),
  )
  .meta({ id: 'MetricTrigger' });

const mostInside = 50;
const inside = z.lazy(() => z.array(trigger).max(mostInside));
const nullableSeconds = notNegativeSeconds.nullable();

const compoundTrigger: z.ZodType<Trigger, unknown> = z
  .object({
    id: z.string().optional(),
    type: z.literal('compound').default('compound'),
    triggers: inside,
    within: nullableSeconds,
    require: z.union([z.number().int(), z.enum(['any', 'all'])]),
  })
  .transform((sent, context): Trigger => {
    const isTooMany = typeof sent.require === 'number' && sent.require > sent.triggers.length;
    if (typeof sent.require === 'number' && sent.require < 1) {
      context.addIssue({ code: 'custom', message: 'Value error, require must be at least 1', path: ['require'] });
    } else if (isTooMany) {
      const message = 'Value error, require must be less than or equal to the number of triggers';
      context.addIssue({ code: 'custom', message, path: ['require'] });
    }
    return { type: 'compound', id: '', triggers: sent.triggers, withinSeconds: sent.within, require: sent.require };
  })
  .meta({ id: 'CompoundTrigger-Input' });

const sequenceTrigger: z.ZodType<Trigger, unknown> = z
  .object({
    id: z.string().optional(),
    type: z.literal('sequence').default('sequence'),
    triggers: inside,
    within: nullableSeconds,
  })
  .transform(({ triggers, within }): Trigger => ({ type: 'sequence', id: '', triggers, withinSeconds: within }))
  .meta({ id: 'SequenceTrigger-Input' });

const byType = {
  event: eventTrigger,
  metric: metricTrigger,
  compound: compoundTrigger,
  sequence: sequenceTrigger,
} as const;
type TriggerType = keyof typeof byType;

/** How deep composites may stand in composites. */
const deepest = 5;

/** A trigger as it is sent; ids are not taken from it. */
export const trigger: z.ZodType<Trigger, unknown> = z
  .unknown()
  .transform((sent, context): Trigger => {
    const type = typeOf(sent);
    if (typeof type !== 'string') return issue(context, type.problem);
    if (depthOf(sent) > deepest)
      return issue(context, `Value error, triggers may stand in each other at most ${deepest} deep`);
    const parsed = byType[type].safeParse(sent);
    if (parsed.success) return parsed.data;
    for (const { path, message, ...rest } of parsed.error.issues) context.addIssue({ ...rest, path, message });
    return z.NEVER;
  })
  .meta({ id: 'Trigger', override: { type: 'object' } });

function issue(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

function typeOf(sent: unknown): TriggerType | { readonly problem: string } {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent))
    return { problem: 'Input should be a valid dictionary' };
  if ('type' in sent) {
    const known = (['event', 'metric', 'compound', 'sequence'] as const).find((type) => type === sent.type);
    return known ?? { problem: "Input should be 'event', 'metric', 'compound' or 'sequence'" };
  }
  if ('triggers' in sent) return 'require' in sent ? 'compound' : 'sequence';
  return 'metric' in sent ? 'metric' : 'event';
}

function depthOf(sent: unknown, limit = deepest + 1): number {
  if (
    limit === 0 ||
    typeof sent !== 'object' ||
    sent === null ||
    !('triggers' in sent) ||
    !Array.isArray(sent.triggers)
  )
    return 1;
  return 1 + Math.max(0, ...sent.triggers.map((child) => depthOf(child, limit - 1)));
}

const watchedOut = { id: z.string(), match: resourceSpecification, match_related: specifications };

const eventOut = z
  .object({
    ...watchedOut,
    type: z.literal('event'),
    after: z.array(z.string()),
    expect: z.array(z.string()),
    for_each: z.array(z.string()),
    posture: z.enum(postures),
    threshold: z.number().int(),
    within: z.number(),
  })
  .meta({ id: 'EventTrigger-Output' });

const metricOut = z.object({
  ...watchedOut,
  type: z.literal('metric'),
  posture: z.literal('Metric'),
  metric: z.object({
    name: z.enum(metricNames),
    threshold: z.number(),
    operator: z.enum(metricOperators),
    range: z.number(),
    firing_for: z.number(),
  }),
});

const compositeOut = { id: z.string(), triggers: z.lazy(() => z.array(triggerOut)), within: z.number().nullable() };
const compoundOut: z.ZodType<TriggerWire, TriggerWire> = z
  .object({
    ...compositeOut,
    type: z.literal('compound'),
    require: z.union([z.number().int(), z.enum(['any', 'all'])]),
  })
  .meta({ id: 'CompoundTrigger-Output' });
const sequenceOut: z.ZodType<TriggerWire, TriggerWire> = z
  .object({ ...compositeOut, type: z.literal('sequence') })
  .meta({ id: 'SequenceTrigger-Output' });

export const triggerOut: z.ZodType<TriggerWire, TriggerWire> = z.union([eventOut, metricOut, compoundOut, sequenceOut]);
