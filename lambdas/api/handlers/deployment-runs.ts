// Runs of deployments: asked for, and listed for runners that poll.
import type { z } from 'zod';
import type { Caller, Handlers } from '../../../shared/contract/define-routes.ts';
import type {
  DeploymentFlowRunCreate,
  deploymentRunRoutes,
  flowRunCreateResult,
} from '../../../shared/contract/flow-runs.ts';
import type { Deployment } from '../../../shared/domain/catalogue.ts';
import type { TriggerAnswer } from '../../../shared/use-cases/record-bounded.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { answerCreation, askedRun } from './create-run.ts';
import { checkVariables, findPlace } from './deployment-change.ts';
import { wireOfRun, wireOfRuns } from './flow-runs.ts';
import { notePolledDeployments } from './note-polls.ts';
import { limitOf } from './paging.ts';
import { readPool } from './read-pool.ts';

/** Job variables are judged before the run exists; a queue that is named but new is made, as Prefect does. */
async function checkPlace(
  deps: ApiDeps,
  deployment: Deployment,
  asked: { readonly queueName: string | undefined; readonly jobVariables: Deployment['jobVariables'] },
): Promise<void> {
  const { workPoolName } = deployment;
  if (workPoolName === undefined) {
    if (asked.queueName === undefined) return;
    const why = `because deployment ${deployment.id} is not associated with a work pool`;
    throw new Refusal('bad_request', `Cannot create flow run in work queue ${asked.queueName} ${why}.`);
  }
  // What the deployment itself brings was judged when it was saved.
  const hasVariables = Object.keys(asked.jobVariables).length > 0;
  if (!hasVariables && asked.queueName === undefined) return;
  const pool = await readPool(deps, workPoolName);
  const variables = { ...deployment.jobVariables, ...asked.jobVariables };
  if (hasVariables) checkVariables(pool, variables, 'Error creating flow run');
  if (asked.queueName !== undefined) await findPlace(deps, pool, asked.queueName);
}

type Asked = {
  readonly deployment: Deployment;
  readonly body: DeploymentFlowRunCreate;
  readonly caller: Caller | undefined;
};

async function createOne(deps: ApiDeps, { deployment, body, caller }: Asked): Promise<TriggerAnswer> {
  const queueName = body.work_queue_name ?? undefined;
  await checkPlace(deps, deployment, { queueName, jobVariables: body.job_variables ?? {} });
  const enforce = body.enforce_parameter_schema ?? undefined;
  return deps.useCases.triggerRun({
    ...askedRun(body, deps.world.now()),
    deployment,
    ...(caller === undefined ? {} : { caller }),
    ...(enforce === undefined ? {} : { enforceParameterSchema: enforce }),
  });
}

/** Prefect's own bound for one request. */
const bulkLimit = 100;

/** One of many: what is wrong with it is said in its place, what may pass by itself is no answer. */
async function resultOf(creation: Promise<TriggerAnswer>): Promise<z.input<typeof flowRunCreateResult>> {
  try {
    const answer = await creation;
    if (answer.kind !== 'refused') return { flow_run_id: answer.run.id, status: 'CREATED', error: null };
    return { flow_run_id: null, status: 'FAILED', error: answer.reason };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { flow_run_id: null, status: 'FAILED', error: error.message };
  }
}

export const deploymentRunHandlers = {
  async create_flow_run_from_deployment({ params, body, caller }, deps) {
    const deployment = found(await deps.catalogue.deployments.read(params.id), 'Deployment not found');
    return answerCreation(await createOne(deps, { deployment, body, caller }), (run) => wireOfRun(deps, run));
  },

  async bulk_create_flow_runs_from_deployment({ params, body, caller }, deps) {
    if (body.length > bulkLimit) {
      throw new Refusal('bad_request', `Cannot create more than ${bulkLimit} flow runs at once.`);
    }
    const deployment = found(await deps.catalogue.deployments.read(params.id), 'Deployment not found');
    const results = [];
    for (const asked of body) results.push(await resultOf(createOne(deps, { deployment, body: asked, caller })));
    return { results };
  },

  async get_scheduled_flow_runs_for_deployments({ body }, deps) {
    const runs = await deps.useCases.pollDeployments({
      deploymentIds: body.deployment_ids,
      limit: limitOf(body.limit),
      ...(body.scheduled_before ? { scheduledBefore: body.scheduled_before } : {}),
    });
    await notePolledDeployments(deps, body.deployment_ids);
    return wireOfRuns(deps, runs);
  },
} satisfies Handlers<typeof deploymentRunRoutes, ApiDeps>;
