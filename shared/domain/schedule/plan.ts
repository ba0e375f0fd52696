// Which runs of a deployment are recorded ahead. A run's key is made of the deployment, the content of the schedule,
// the wall time and the fold, so that a deployment saved again neither doubles nor drops the run under way.
import type { Deployment, DeploymentSchedule } from '../catalogue.ts';
import type { Sha256 } from '../identity.ts';
import { derivedId, runIdOf } from '../identity.ts';
import type { Json, JsonObject } from '../json.ts';
import type { RunBody } from '../run/run.ts';
import { type Schedule, scheduleOf, scheduleTimes } from './schedule.ts';
import { foldAt, wallAt } from './zone.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Prefect's settings of its scheduler service. */
export const planBounds = {
  minRuns: 3,
  maxRuns: 100,
  minAhead: hour,
  maxAhead: 100 * day,
  /** How often a schedule that needs more runs than may be planned is planned again. */
  loop: 60_000,
} as const;

export type PlanSpan = {
  readonly start: number;
  readonly end: number;
  /** At least so many runs, and none less than so long ahead. */
  readonly minRuns: number;
  readonly minAhead: number;
  readonly maxRuns: number;
};

export function planSpan(now: number): PlanSpan {
  const { minRuns, minAhead, maxRuns, maxAhead } = planBounds;
  return { start: now, end: now + maxAhead, minRuns, minAhead, maxRuns };
}

/** The times that satisfy both minimums, or as many as there may be. */
export function timesAhead(schedule: Schedule, span: PlanSpan): readonly number[] {
  const times: number[] = [];
  for (const time of scheduleTimes(schedule, { start: span.start, end: span.end, most: span.maxRuns })) {
    times.push(time);
    if (times.length >= span.minRuns && time >= span.start + span.minAhead) break;
  }
  return times;
}

/** A schedule with its identity within the deployment: equal ones are told apart by their place. */
export type NamedSchedule = { readonly name: string; readonly schedule: Schedule };

export type ActiveSchedule = NamedSchedule & { readonly kept: DeploymentSchedule };

export function activeSchedules({ schedules }: Pick<Deployment, 'schedules'>): readonly ActiveSchedule[] {
  const seen = new Map<string, number>();
  return schedules.flatMap((kept) => {
    const schedule = kept.active ? scheduleOf(kept.schedule) : undefined;
    if (schedule === undefined) return [];
    const content = contentOf(kept.schedule);
    const place = seen.get(content) ?? 0;
    seen.set(content, place + 1);
    return [{ kept, schedule, name: place === 0 ? content : `${content} ${place}` }];
  });
}

/** The same text for the same content, whatever order its members came in. */
function contentOf(schedule: JsonObject): string {
  return JSON.stringify(Object.entries(schedule).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The wall time in the schedule's own zone, with its fold where it comes twice. */
function wallName({ zone }: Schedule, instant: number): string {
  const text = new Date(wallAt(zone, instant)).toISOString().replace('Z', '');
  return foldAt(zone, instant) === 1 ? `${text} again` : text;
}

export type Occurrence = { readonly id: string; readonly key: string; readonly at: number };

/** The run of a schedule at a time: its id and its idempotency key. */
export function occurrenceOf(
  { id, flowId }: Pick<Deployment, 'id' | 'flowId'>,
  { name, schedule }: NamedSchedule,
  { at, sha256 }: { readonly at: number; readonly sha256: Sha256 },
): Occurrence {
  const key = `scheduled ${id} ${sha256(name).slice(0, 16)} ${wallName(schedule, at)}`;
  return { key, id: runIdOf(sha256, flowId, key), at };
}

export type PlannedRun = Occurrence & {
  readonly body: RunBody;
  /** Made of the content, so that a run that is still as planned is known by it. */
  readonly bodyId: string;
};

const kinds = { cron: 'CronSchedule', interval: 'IntervalSchedule', rrule: 'RRuleSchedule' } as const;

/** The runs that a deployment should have for one of its schedules. */
export function plannedRuns(
  deployment: Deployment,
  active: ActiveSchedule,
  { times, sha256 }: { readonly times: readonly number[]; readonly sha256: Sha256 },
): readonly PlannedRun[] {
  const { kept, schedule } = active;
  const createdBy: Json = { id: kept.id, type: 'SCHEDULE', display_value: kept.slug ?? kinds[schedule.kind] };
  const body: RunBody = {
    parameters: { ...deployment.parameters, ...kept.parameters },
    jobVariables: {},
    context: {},
    labels: deployment.labels,
    ...(deployment.deploymentVersion === undefined ? {} : { deploymentVersion: deployment.deploymentVersion }),
    createdBy,
  };
  const bodyId = derivedId(sha256, 'planned-body', [JSON.stringify(body)]);
  return times.map((at) => ({ ...occurrenceOf(deployment, active, { at, sha256 }), body, bodyId }));
}

/** Prefect's own tag beside those of the deployment. */
export function plannedTags({ tags }: Pick<Deployment, 'tags'>): readonly string[] {
  return [...new Set(['auto-scheduled', ...tags])];
}

/**
 * When a schedule must be planned again: once fewer than the minimum are left or they do not reach far enough, or once
 * the next time comes into reach. undefined: never, nothing is left.
 */
export function nextPlanning(schedule: Schedule, times: readonly number[], span: PlanSpan): number | undefined {
  const last = times.at(-1);
  if (times.length < Math.min(span.minRuns, span.maxRuns) || last === undefined) {
    const [next] = scheduleTimes(schedule, {
      start: (last ?? span.start) + 1,
      end: span.end + 10 * 366 * day,
      most: 1,
    });
    return next === undefined ? undefined : Math.max(span.start + planBounds.loop, next - planBounds.maxAhead);
  }
  const few = times.at(-Math.min(span.minRuns, span.maxRuns)) ?? last;
  const short = last - span.minAhead;
  return Math.min(few, Math.max(short, span.start + planBounds.loop)) + 1;
}

/** The deployment as it is saved when something changed that planned runs depend on: due at once. */
export function replanned(
  deployment: Deployment,
  { now, clearsLate = false }: { readonly now: number; readonly clearsLate?: boolean },
): Deployment {
  const { plan } = deployment;
  const isIdle = plan === undefined && (deployment.paused || deployment.schedules.length === 0);
  if (isIdle) return deployment;
  return {
    ...deployment,
    plan: {
      version: (plan?.version ?? 0) + 1,
      dueAt: now,
      covered: plan?.covered ?? [],
      ...(clearsLate || plan?.clearsLate === true ? { clearsLate: true } : {}),
    },
  };
}
