// Deletes a deployment with the runs of it that wait to be started.
import type { Deployment } from '../../../shared/domain/catalogue.ts';
import { laneOf } from '../../../shared/domain/run/lane.ts';
import { replanned } from '../../../shared/domain/schedule/plan.ts';
import type { ApiDeps } from '../deps.ts';
import { changing } from './changing.ts';
import { dropLimit } from './deployment-limits.ts';

const latestTime = 253_402_300_799_999;
/** So many a look; what waits beyond is found by the next look. */
const runsALook = 200;

/** False when it is not there any more. */
export async function removeDeployment(deps: ApiDeps, deployment: Deployment): Promise<boolean> {
  // Paused first: should this end half-way, nothing is planned or started, and the deletion can be asked for again.
  await endPlan(deps, deployment);
  await removeWaitingRuns(deps, deployment);
  const isRemoved = await deps.catalogue.deployments.remove(deployment.id);
  await dropLimit(deps, deployment);
  return isRemoved;
}

async function endPlan({ catalogue, useCases, world }: ApiDeps, { id, plan }: Deployment): Promise<void> {
  if (plan === undefined) return;
  const store = { read: () => catalogue.deployments.read(id), write: catalogue.deployments.change };
  const now = world.now();
  await changing(store, (before) => replanned({ ...before, paused: true, updated: now }, { now, clearsLate: true }));
  await useCases.planRuns(id);
}

/** Runs that have not been claimed yet; those under way go on. */
async function removeWaitingRuns(deps: ApiDeps, deployment: Deployment): Promise<void> {
  const lane = laneOf({ ...deployment, deploymentId: deployment.id });
  if (lane === undefined) return;
  const seen = new Set<string>();
  while (true) {
    const waiting = await deps.runs.waiting(lane, { until: latestTime, limit: runsALook + seen.size });
    const fresh = waiting.filter(({ runId }) => !seen.has(runId));
    if (fresh.length === 0) return;
    for (const { runId } of fresh) {
      seen.add(runId);
      await deps.useCases.deleteRun(runId);
    }
  }
}
