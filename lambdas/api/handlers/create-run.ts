// From the wire's request for a run to the use cases', and from their answer back.
import type { DeploymentFlowRunCreate, FlowRunCreate } from '../../../shared/contract/flow-runs.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { TriggerAnswer } from '../../../shared/use-cases/record-bounded.ts';
import type { TriggerRequest } from '../../../shared/use-cases/trigger-run.ts';
import { Refusal } from '../refusal.ts';
import { policyFromWire } from '../wire/flow-runs.ts';
import { orNone, present } from '../wire/present.ts';
import { proposedState } from '../wire/states.ts';

/** What both ways of asking for a run have in common. An empty name is none: the server makes one up. */
export function askedRun(
  body: DeploymentFlowRunCreate | FlowRunCreate,
  now: number,
): Omit<TriggerRequest, 'deploymentId' | 'deploymentName'> {
  return present({
    name: body.name || undefined,
    parameters: body.parameters,
    jobVariables: orNone(body.job_variables),
    context: body.context,
    labels: orNone(body.labels),
    tags: body.tags,
    idempotencyKey: orNone(body.idempotency_key),
    state: body.state ? proposedState(body.state, now) : undefined,
    workQueueName: orNone(body.work_queue_name),
    parentTaskRunId: orNone(body.parent_task_run_id),
    empiricalPolicy: body.empirical_policy === undefined ? undefined : policyFromWire(body.empirical_policy),
  });
}

export async function answerCreation<T>(
  creation: TriggerAnswer,
  toWire: (run: Run) => Promise<T>,
): Promise<{ readonly isNew: boolean; readonly value: T }> {
  if (creation.kind === 'refused') {
    const { code, reason, retryAfterSeconds } = creation;
    throw new Refusal(code, reason, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
  }
  return { isNew: creation.kind === 'created', value: await toWire(creation.run) };
}
