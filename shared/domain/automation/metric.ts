// Metric triggers: a figure about flow runs over a range of time, judged every minute. It fires when the figure has
// breached its threshold for long enough without a break, and resolves the same way.
import type { MetricTrigger } from './automation.ts';
import type { TriggerStateName } from './firing.ts';

/** What one run gave to the figure, in the minute it happened. */
export type MetricSlot = { readonly minute: number; readonly count: number; readonly sum: number };

export type MetricState = {
  readonly is: TriggerStateName;
  /** Since when the figure says otherwise than `is`, epoch milliseconds. */
  readonly since?: number;
  readonly nextAt: number;
};

export const metricStepMs = 60_000;

export function minuteOf(epochMilliseconds: number): number {
  return Math.floor(epochMilliseconds / metricStepMs);
}

/** The run's own figures, as far as they are known. */
export type RunFigures = {
  readonly hasSucceeded?: boolean;
  readonly durationSeconds?: number;
  readonly latenessSeconds?: number;
};

const namesByMetric = {
  lateness: ['Running'],
  duration: ['Completed', 'Failed', 'Crashed'],
  successes: ['Completed', 'Failed', 'Crashed'],
} as const;

/** Whether an event brings a figure: a run that started, or one that ended. */
export function bringsFigure({ metric }: MetricTrigger, event: string): boolean {
  const prefix = 'prefect.flow-run.';
  return event.startsWith(prefix) && namesByMetric[metric.name].some((name) => event === prefix + name);
}

/** What a run adds to the sum; undefined: nothing. */
export function sampleOf({ metric }: MetricTrigger, figures: RunFigures): number | undefined {
  switch (metric.name) {
    case 'successes':
      return figures.hasSucceeded === undefined ? undefined : Number(figures.hasSucceeded);
    case 'duration':
      return figures.durationSeconds;
    case 'lateness':
      return figures.latenessSeconds;
  }
}

/** The average over the range that ends at `now`; undefined when no run belongs to it. */
export function figureAt({ metric }: MetricTrigger, slots: readonly MetricSlot[], now: number): number | undefined {
  const from = minuteOf(now - metric.rangeSeconds * 1000);
  const inside = slots.filter(({ minute }) => minute > from && minute <= minuteOf(now));
  const count = inside.reduce((sum, slot) => sum + slot.count, 0);
  return count === 0 ? undefined : inside.reduce((sum, slot) => sum + slot.sum, 0) / count;
}

function breaches({ metric: { operator, threshold } }: MetricTrigger, figure: number): boolean {
  switch (operator) {
    case '<':
      return figure < threshold;
    case '<=':
      return figure <= threshold;
    case '>':
      return figure > threshold;
    case '>=':
      return figure >= threshold;
  }
}

export type MetricStep = { readonly state: MetricState; readonly fires?: TriggerStateName };

/** No figure is no breach. */
export function judgeMetric(
  trigger: MetricTrigger,
  before: MetricState,
  { figure, now }: { readonly figure: number | undefined; readonly now: number },
): MetricStep {
  const says: TriggerStateName = figure !== undefined && breaches(trigger, figure) ? 'Triggered' : 'Resolved';
  const nextAt = now + metricStepMs;
  if (says === before.is) return { state: { is: before.is, nextAt } };
  const since = before.since ?? now;
  if (now - since < trigger.metric.firingForSeconds * 1000) return { state: { is: before.is, since, nextAt } };
  return { state: { is: says, nextAt }, fires: says };
}
