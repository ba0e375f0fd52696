// POST /deployments/{id}/schedule: records runs of a deployment's schedules in a span of time, the past included.
import type { Deployment, DeploymentPlan } from '../domain/catalogue.ts';
import { activeSchedules, type PlanSpan, planBounds, plannedRuns, timesAhead } from '../domain/schedule/plan.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import type { PlanDeps } from './plan-runs.ts';
import { recordAll } from './record-planned.ts';

export type Backfill = {
  readonly start?: number;
  readonly end?: number;
  readonly minAhead?: number;
  readonly minRuns?: number;
  readonly maxRuns?: number;
};

/** What is asked for in vain is what is there already. */
export async function scheduleRuns(deps: PlanDeps, deployment: Deployment, asked: Backfill): Promise<void> {
  const start = asked.start ?? deps.world.now();
  const span: PlanSpan = {
    start,
    end: asked.end ?? start + planBounds.maxAhead,
    minRuns: asked.minRuns ?? planBounds.minRuns,
    minAhead: asked.minAhead ?? planBounds.minAhead,
    maxRuns: Math.min(asked.maxRuns ?? planBounds.maxRuns, planBounds.maxRuns * 10),
  };
  for (let race = 0; race < maximumRaces; race += 1) {
    const current = race === 0 ? deployment : await deps.catalogue.deployments.read(deployment.id);
    if (current === undefined) return;
    if (await recordSpan(deps, current, span)) return;
  }
  throw new ContentionError(`the plan of deployment ${deployment.id}`);
}

/** The span is noted first, so that whatever is recorded goes with its schedule. */
async function recordSpan(deps: PlanDeps, deployment: Deployment, span: PlanSpan): Promise<boolean> {
  const { sha256 } = deps.world;
  const planned = activeSchedules(deployment).map((active) => {
    const times = timesAhead(active.schedule, span);
    return { active, until: times.at(-1), runs: plannedRuns(deployment, active, { times, sha256 }) };
  });
  const covered = planned.flatMap(({ active, until }) =>
    until === undefined ? [] : [{ name: active.name, schedule: active.kept.schedule, from: span.start, until }],
  );
  if (covered.length === 0) return true;
  const plan: DeploymentPlan = {
    ...(deployment.plan ?? { version: 1 }),
    covered: [...(deployment.plan?.covered ?? []), ...covered],
  };
  const noted = { ...deployment, plan };
  if ((await deps.catalogue.deployments.change(deployment, noted)) === 'lost') return false;
  const wanted = planned.flatMap(({ runs }) => runs);
  const there = new Set((await deps.runs.readMany(wanted.map(({ id }) => id))).map(({ id }) => id));
  const missing = wanted.filter(({ id }) => !there.has(id));
  return (await recordAll(deps, noted, missing)) === missing.length;
}
