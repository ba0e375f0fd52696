// Records the runs that the schedules of a deployment have ahead, and takes away those that no schedule means any more.
// Whoever comes twice finds the same runs: their ids are made of deployment, schedule, wall time and fold. They are
// recorded under the plan that they were computed from, so an old plan records nothing.
import type { Deployment, DeploymentPlan } from '../domain/catalogue.ts';
import { laneOf } from '../domain/run/lane.ts';
import type { Run } from '../domain/run/run.ts';
import {
  activeSchedules,
  nextPlanning,
  occurrenceOf,
  type PlannedRun,
  type PlanSpan,
  planBounds,
  plannedRuns,
  plannedTags,
  planSpan,
  timesAhead,
} from '../domain/schedule/plan.ts';
import { scheduleOf, scheduleTimes } from '../domain/schedule/schedule.ts';
import { textOf } from '../domain/template/json-value.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Runs } from '../ports/runs.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import { isRemovable, isUntouched, type RecordPlannedDeps, recordAll, removePlanned } from './record-planned.ts';

export type PlanDeps = RecordPlannedDeps & {
  readonly telemetry: Pick<Telemetry, 'runsPlanned'>;
  readonly runs: Pick<Runs, 'readMany' | 'readBodies' | 'waiting'>;
  readonly catalogue: { readonly deployments: Pick<Catalogue['deployments'], 'read' | 'change'> };
};

/** A hint that is early by a hair would be in vain. */
const hintSlackMs = 200;
/** A deadline that is nearer than the clock's next tick may be gets a hint of its own. */
const tickMs = 120_000;

/**
 * One pass. A deployment that is not due is left alone, so doubled hints cost one read.
 * @returns how many runs were recorded
 */
export async function planRuns(deps: PlanDeps, deploymentId: string): Promise<number> {
  let recorded = 0;
  for (let race = 0; race < maximumRaces; race += 1) {
    const deployment = await deps.catalogue.deployments.read(deploymentId);
    const now = deps.world.now();
    const dueAt = deployment?.plan?.dueAt;
    if (deployment === undefined || dueAt === undefined || dueAt > now) return recorded;
    const outcome = await pass(deps, deployment, now);
    recorded += outcome.recorded;
    if (outcome.isDone) {
      deps.telemetry.runsPlanned(deploymentId, recorded);
      return recorded;
    }
  }
  throw new ContentionError(`the plan of deployment ${deploymentId}`);
}

async function pass(
  deps: PlanDeps,
  deployment: Deployment,
  now: number,
): Promise<{ recorded: number; isDone: boolean }> {
  const { wanted, covered, dueAt } = planOf(deps, deployment, now);
  const former = formerRuns(deps, deployment, now);
  const known = await deps.runs.readMany([...new Set([...wanted.keys(), ...former.keys()])]);
  const isKept = (run: Run) => isAsPlanned(run, wanted.get(run.id) ?? former.get(run.id), deployment);
  const unwanted = known.filter((run) => isRemovable(run, now) && !isKept(run));
  await Promise.all(
    unwanted.map((run) => removePlanned(deps, run.id, (current) => isRemovable(current, now) && !isKept(current))),
  );
  if (deployment.plan?.clearsLate === true) await clearLate(deps, deployment, now);
  const gone = new Set(unwanted.map(({ id }) => id));
  const there = new Set(known.filter(({ id }) => !gone.has(id)).map(({ id }) => id));
  const missing = [...wanted.values()].filter(({ id }) => !there.has(id));
  const recorded = await recordAll(deps, deployment, missing);
  if (recorded < missing.length) return { recorded, isDone: false };
  const plan: DeploymentPlan = {
    version: deployment.plan?.version ?? 1,
    covered,
    ...(dueAt === undefined ? {} : { dueAt }),
  };
  return { recorded, isDone: await finish(deps, deployment, plan) };
}

type Wanted = ReadonlyMap<string, PlannedRun>;
type Plan = {
  readonly wanted: Wanted;
  readonly covered: DeploymentPlan['covered'];
  readonly dueAt: number | undefined;
};

function planOf({ world }: PlanDeps, deployment: Deployment, now: number): Plan {
  const span = planSpan(now);
  const wanted = new Map<string, PlannedRun>();
  const covered: DeploymentPlan['covered'][number][] = [];
  const dues: number[] = [];
  for (const active of deployment.paused ? [] : activeSchedules(deployment)) {
    const own: PlanSpan = { ...span, maxRuns: Math.min(span.maxRuns, active.kept.maxScheduledRuns ?? span.maxRuns) };
    const times = timesAhead(active.schedule, own);
    for (const run of plannedRuns(deployment, active, { times, sha256: world.sha256 })) wanted.set(run.id, run);
    const last = times.at(-1);
    const until = Math.max(last ?? 0, ...coveredUntil(deployment, active.name));
    if (until > now) covered.push({ name: active.name, schedule: active.kept.schedule, from: now, until });
    const due = nextPlanning(active.schedule, times, own);
    if (due !== undefined) dues.push(due);
  }
  return { wanted, covered, dueAt: dues.length === 0 ? undefined : Math.min(...dues) };
}

/** Runs may have been asked for further ahead than a plan reaches. */
function coveredUntil({ plan }: Deployment, wanted: string): readonly number[] {
  return (plan?.covered ?? []).filter(({ name }) => name === wanted).map(({ until }) => until);
}

/** The runs that former plans recorded, by id: with what they should be where their schedule is still active. */
function formerRuns(
  { world: { sha256 } }: PlanDeps,
  deployment: Deployment,
  now: number,
): ReadonlyMap<string, PlannedRun | undefined> {
  const active = new Map((deployment.paused ? [] : activeSchedules(deployment)).map((one) => [one.name, one]));
  const former = new Map<string, PlannedRun | undefined>();
  for (const { name, schedule: kept, from, until } of deployment.plan?.covered ?? []) {
    const schedule = scheduleOf(kept);
    if (schedule === undefined) continue;
    const span = { start: Math.max(now, from), end: until, most: planBounds.maxRuns * 10 };
    const times = [...scheduleTimes(schedule, span)];
    const known = active.get(name);
    for (const at of times) former.set(occurrenceOf(deployment, { name, schedule }, { at, sha256 }).id, undefined);
    for (const run of known === undefined ? [] : plannedRuns(deployment, known, { times, sha256 }))
      former.set(run.id, run);
  }
  return former;
}

function isAsPlanned(run: Run, planned: PlannedRun | undefined, deployment: Deployment): boolean {
  return (
    planned !== undefined &&
    run.bodyId === planned.bodyId &&
    run.workPoolName === deployment.workPoolName &&
    run.workQueueId === deployment.workQueueId &&
    run.tags.join('\n') === plannedTags(deployment).join('\n')
  );
}

/** Late runs of a schedule that was paused or removed would start all the same. */
async function clearLate(deps: PlanDeps, deployment: Deployment, now: number): Promise<void> {
  const lane = laneOf({ ...deployment, deploymentId: deployment.id });
  if (lane === undefined) return;
  const late = await deps.runs.waiting(lane, { until: now, limit: planBounds.maxRuns * 10 });
  const runs = (await deps.runs.readMany(late.map(({ runId }) => runId))).filter(isUntouched);
  const bodies = await deps.runs.readBodies(runs);
  const active = new Set(deployment.paused ? [] : activeSchedules(deployment).map(({ kept }) => kept.id));
  const isLeft = ({ id }: Run) => !active.has(textOf(bodies.get(id)?.createdBy, 'id') ?? '');
  await Promise.all(runs.filter(isLeft).map(({ id }) => removePlanned(deps, id, isUntouched)));
}

/** Writes the next deadline; somebody else may have changed what does not concern the plan meanwhile. */
async function finish(deps: PlanDeps, planned: Deployment, plan: DeploymentPlan): Promise<boolean> {
  const { deployments } = deps.catalogue;
  for (let race = 0; race < maximumRaces; race += 1) {
    const before = race === 0 ? planned : await deployments.read(planned.id);
    if (before?.plan?.version !== plan.version) return false;
    if ((await deployments.change(before, { ...before, plan })) === 'lost') continue;
    await hintPlanning(deps, planned.id, plan.dueAt);
    return true;
  }
  return false;
}

/** Seldom schedules are the clock's; those that need a plan within minutes get it to the second. */
async function hintPlanning(
  { hints, world }: PlanDeps,
  deploymentId: string,
  dueAt: number | undefined,
): Promise<void> {
  const aheadMs = (dueAt ?? Number.POSITIVE_INFINITY) - world.now();
  if (aheadMs > tickMs) return;
  await hints.observe([{ kind: 'plan', deploymentId }], {
    delaySeconds: Math.max(1, Math.ceil((aheadMs + hintSlackMs) / 1000)),
  });
}
