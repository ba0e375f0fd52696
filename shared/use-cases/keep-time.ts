// The clock: each minute it wakes what is due, visits what is overdue and sweeps ECS for what events missed.
// It only reads, lists and enqueues; overlapping and lost ticks are harmless (design §3).
import { laneName } from '../domain/run/lane.ts';
import { timing } from '../domain/run/timing.ts';
import type { Hints, ObserveHint, PlanHint, SubmitHint } from '../ports/hints.ts';
import type { DueItem, Runs } from '../ports/runs.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { findDifferences, type SweepDeps } from './sweep-tasks.ts';

export type ClockDeps = SweepDeps & {
  readonly runs: Pick<Runs, 'due'>;
  readonly hints: Hints;
  readonly telemetry: Telemetry;
};

/** What one tick takes up at most of each kind; the next tick finds the rest, oldest first. */
const itemsPerTick = 5_000;
/** A tick older than this is dropped: a newer one is on its way. */
const staleAfterMs = 150_000;

/** One tick. `scheduledTime` is EventBridge Scheduler's, epoch ms. */
export async function keepTime(deps: ClockDeps, scheduledTime: number): Promise<void> {
  const now = deps.world.now();
  if (now - scheduledTime > staleAfterMs) {
    deps.telemetry.staleTick(new Date(scheduledTime).toISOString());
    return;
  }
  const [runs, silent, attempts, lanes, plans, differences] = await Promise.all([
    hintRuns(deps, now),
    hintSilent(deps, now),
    hintAttempts(deps, now),
    hintLanes(deps, now),
    hintPlans(deps, now),
    sweepTasks(deps),
  ]);
  deps.telemetry.clockTicked({ runs: runs + silent, attempts, lanes, plans, differences });
}

type DueRun = Extract<DueItem, { kind: 'run' }>;

/**
 * Runs due soon get a hint that arrives on time; overdue ones a visit, and the lanes of those that wait a hint: however
 * many they are, the pump is woken once.
 */
async function hintRuns(deps: ClockDeps, now: number): Promise<number> {
  const due = await deps.runs.due('run', { until: now + timing.lookAhead, limit: itemsPerTick });
  const runs = due.filter((item): item is DueRun => item.kind === 'run');
  const overdue = runs.filter(({ dueAt }) => dueAt <= now);
  const upcoming = runs.filter(({ dueAt }) => dueAt > now);
  await deps.hints.observe(overdue.map(({ runId }): ObserveHint => ({ kind: 'run', runId })));
  await deps.hints.submit(oncePerLane(overdue));
  for (const [delaySeconds, items] of bySecond(upcoming, now)) {
    await deps.hints.submit(oncePerLane(items), { delaySeconds });
    const others = items.filter(({ lane }) => lane === undefined);
    await deps.hints.observe(
      others.map(({ runId }): ObserveHint => ({ kind: 'run', runId })),
      { delaySeconds },
    );
  }
  return runs.length;
}

/** Runs without a task of ours whose engine gave no sign of life for too long. */
async function hintSilent(deps: ClockDeps, now: number): Promise<number> {
  const due = await deps.runs.due('heartbeat', { until: now, limit: itemsPerTick });
  const silent = due.flatMap((item) => (item.kind === 'heartbeat' ? [item.runId] : []));
  await deps.hints.observe(silent.map((runId): ObserveHint => ({ kind: 'run', runId })));
  return silent.length;
}

function bySecond(items: readonly DueRun[], now: number): ReadonlyMap<number, readonly DueRun[]> {
  return Map.groupBy(items, ({ dueAt }) => Math.ceil((dueAt - now) / 1000));
}

function oncePerLane(runs: readonly DueRun[]): SubmitHint[] {
  const waiting = runs.flatMap(({ lane, dueAt }) => (lane === undefined ? [] : [{ lane, dueAt }]));
  const lanes = new Map(waiting.map(({ lane, dueAt }) => [laneName(lane), { kind: 'work', lane, dueAt } as const]));
  return [...lanes.values()];
}

async function hintAttempts(deps: ClockDeps, now: number): Promise<number> {
  const due = await deps.runs.due('attempt', { until: now, limit: itemsPerTick });
  const attempts = due.flatMap((item) => (item.kind === 'attempt' ? [item] : []));
  await deps.hints.observe(attempts.map(({ runId, attempt }): ObserveHint => ({ kind: 'attempt', runId, attempt })));
  return attempts.length;
}

async function hintLanes(deps: ClockDeps, now: number): Promise<number> {
  const due = await deps.runs.due('lane', { until: now, limit: itemsPerTick });
  const lanes = due.flatMap((item) => (item.kind === 'lane' ? [item.lane] : []));
  await deps.hints.submit(lanes.map((lane): SubmitHint => ({ kind: 'wake', lane })));
  return lanes.length;
}

/** Deployments whose schedules need more runs ahead. */
async function hintPlans(deps: ClockDeps, now: number): Promise<number> {
  const due = await deps.runs.due('plan', { until: now, limit: itemsPerTick });
  const plans = due.flatMap((item) => (item.kind === 'plan' ? [item.deploymentId] : []));
  await deps.hints.observe(plans.map((deploymentId): PlanHint => ({ kind: 'plan', deploymentId })));
  return plans.length;
}

/** Differences between ECS and the open attempts, told at the pace at which they may be described. */
async function sweepTasks(deps: ClockDeps): Promise<number> {
  const { count, hints } = await findDifferences(deps);
  for (const [delaySeconds, some] of hints) await deps.hints.observe(some, { delaySeconds });
  return count;
}
