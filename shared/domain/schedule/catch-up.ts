// What becomes of a schedule's runs that are overdue, after an outage or for want of room: all start, which is Prefect's
// way, only the last, or none. A setting by variables, since Prefect's schedules have no field for it (ADR 33).
import type { Deployment } from '../catalogue.ts';
import type { Sha256 } from '../identity.ts';
import type { Json } from '../json.ts';
import { timing } from '../run/timing.ts';
import { fieldOf } from '../template/json-value.ts';
import { namedVariables, type VariablePlace, wholeNumber } from '../work-pool/named-variables.ts';
import { type ActiveSchedule, activeSchedules, occurrenceOf } from './plan.ts';
import { type Schedule, scheduleTimes } from './schedule.ts';

export const catchUps = ['all', 'last', 'none'] as const;
export type CatchUp = (typeof catchUps)[number];

/** More than lost hints cost (rule 1): a run that only its hint was lost of still starts. */
const defaultGraceSeconds = 300;

export type OverdueRun = { readonly runId: string; readonly scheduledTime: number };

export type CatchUpVerdict =
  | { readonly kind: 'start' }
  | { readonly kind: 'skip'; readonly reason: string }
  /** Skipped if one of these runs is there: newer ones of the same schedule that are due. */
  | { readonly kind: 'skip-if-any'; readonly newer: readonly string[]; readonly reason: string };

export type CatchUpRule = (run: OverdueRun, now: number) => CatchUpVerdict;

const start: CatchUpVerdict = { kind: 'start' };

/**
 * The rule for runs of a deployment; undefined where all of them start. A run is known as its schedule's by its id, so
 * that nothing is read for it; one that no active schedule would record any more starts.
 */
export function catchUpRule({
  pool,
  deployment,
  sha256,
}: VariablePlace & { readonly deployment: Deployment; readonly sha256: Sha256 }): CatchUpRule | undefined {
  const { either } = namedVariables({ pool, deployment });
  const wordOf = ({ kept }: ActiveSchedule): CatchUp =>
    wordIn(fieldOf(either('catch_up_of_schedules'), kept.slug ?? '')) ?? wordIn(either('catch_up')) ?? 'all';
  const schedules = activeSchedules(deployment).filter((active) => wordOf(active) !== 'all');
  if (schedules.length === 0) return undefined;
  const graceSeconds = wholeNumber(either('catch_up_grace_seconds')) ?? defaultGraceSeconds;
  return ({ runId, scheduledTime }, now) => {
    if (now - scheduledTime <= timing.lateAfter) return start;
    const idAt = (active: ActiveSchedule, at: number) => occurrenceOf(deployment, active, { at, sha256 }).id;
    const active = schedules.find((one) => idAt(one, scheduledTime) === runId);
    if (active === undefined) return start;
    if (wordOf(active) === 'none') {
      const reason = `Skipped: its schedule starts nothing more than ${graceSeconds} s after its time (catch_up).`;
      return now - scheduledTime > graceSeconds * 1000 ? { kind: 'skip', reason } : start;
    }
    const newer = newerTimes(active.schedule, scheduledTime, now).map((at) => idAt(active, at));
    const reason = 'Skipped: a newer run of its schedule is due, and only the last one starts (catch_up).';
    return newer.length === 0 ? start : { kind: 'skip-if-any', newer, reason };
  };
}

function wordIn(value: Json | undefined): CatchUp | undefined {
  return catchUps.find((word) => word === value);
}

const day = 86_400_000;

/** The next time after this one and the latest until now: runs are recorded without gaps but for outages. */
function newerTimes(schedule: Schedule, scheduledTime: number, now: number): readonly number[] {
  const next = [...scheduleTimes(schedule, { start: scheduledTime + 1, end: now, most: 2 })];
  const times = [...next.slice(0, 1), ...latestTimes(schedule, now)].filter((at) => at > scheduledTime && at <= now);
  return [...new Set(times)];
}

/** Looked for further and further back, so that a schedule of seconds is not counted through hours. */
function latestTimes(schedule: Schedule, now: number): readonly number[] {
  for (let span = 60_000; span < 3_000 * day; span *= 8) {
    const times = [...scheduleTimes(schedule, { start: now - span, end: now, most: 1_000 })];
    if (times.length > 0) return times.slice(-1);
  }
  return [];
}
