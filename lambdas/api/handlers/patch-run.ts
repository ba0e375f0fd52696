// What of a run may be changed from outside, and when.
import type { FlowRunUpdate } from '../../../shared/contract/flow-runs.ts';
import type { RunPatch } from '../../../shared/use-cases/patch-run.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { policyFromWire } from '../wire/flow-runs.ts';
import { orNone, present } from '../wire/present.ts';
import { checkVariables } from './deployment-change.ts';

/** @throws Refusal bad_request where job variables come too late to matter */
export async function patchOf(deps: ApiDeps, runId: string, body: FlowRunUpdate): Promise<RunPatch> {
  if (body.job_variables) await checkJobVariables(deps, runId, body.job_variables);
  return present({
    // As on Prefect's server, a run whose name is taken away gets a new one.
    name: body.name === null ? deps.world.newName() : body.name,
    tags: body.tags,
    parameters: body.parameters,
    jobVariables: orNone(body.job_variables),
    empiricalPolicy: body.empirical_policy === undefined ? undefined : policyFromWire(body.empirical_policy),
    flowVersion: body.flow_version,
    infrastructurePid: body.infrastructure_pid,
  });
}

async function checkJobVariables(
  { catalogue, runs }: ApiDeps,
  runId: string,
  sent: NonNullable<FlowRunUpdate['job_variables']>,
): Promise<void> {
  const run = found(await runs.read(runId), 'Flow run not found');
  if (run.state.type !== 'SCHEDULED') {
    const problem = `Job variables for a flow run in state ${run.state.type} cannot be updated`;
    throw new Refusal('bad_request', problem);
  }
  const deployment = run.deploymentId === undefined ? undefined : await catalogue.deployments.read(run.deploymentId);
  if (deployment === undefined) {
    throw new Refusal('bad_request', 'A deployment for the flow run could not be found');
  }
  const pool = run.workPoolName === undefined ? undefined : await catalogue.workPools.read(run.workPoolName);
  if (pool !== undefined) checkVariables(pool, { ...deployment.jobVariables, ...sent }, 'Error updating flow run');
}
