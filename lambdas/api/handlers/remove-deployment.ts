// Deletes a deployment with the runs of it that wait to be started.
import type { Deployment } from '../../../shared/domain/catalogue.ts';
import type { ApiDeps } from '../deps.ts';

const latestTime = 253_402_300_799_999;
/** So many a look; what waits beyond is found by the next look. */
const runsALook = 200;

/** False when it is not there any more. */
export async function removeDeployment(deps: ApiDeps, deployment: Deployment): Promise<boolean> {
  const isRemoved = await deps.catalogue.deployments.remove(deployment.id);
  await removeWaitingRuns(deps, deployment);
  return isRemoved;
}

/** Runs that have not been claimed yet; those under way go on. */
async function removeWaitingRuns(deps: ApiDeps, deployment: Deployment): Promise<void> {
  const { workPoolName, workQueueId, id: deploymentId } = deployment;
  if (workPoolName === undefined || workQueueId === undefined) return;
  const lane = { workPoolName, workQueueId, deploymentId };
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
