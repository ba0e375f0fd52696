// Does what an automation's action asks for. Each kind can be done twice without harm: runs have keys, states have
// transition ids, switches are what they are; what is sent to the world outside carries the action's id.
import type { ActionOf, plainRunActions } from '../domain/automation/automation.ts';
import { idOfFirst, idOfKind } from '../domain/automation/resource-match.ts';
import type { EventResource } from '../domain/event/event.ts';
import { derivedId } from '../domain/identity.ts';
import type { ProposedState } from '../domain/run/state.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import { failed, type Outcome, type Switch, succeeded, type Task, targetId } from './action-outcome.ts';
import { deleteRun } from './delete-run.ts';
import { recordState, type StateAnswer } from './record-state.ts';
import { type ResumeDeps, resumeRun } from './resume-run.ts';
import { runDeployment } from './run-deployment.ts';
import type { AutomationCalls } from './save-automation.ts';
import { callWebhook, type SendDeps, sendNotification } from './send-notification.ts';
import { type SwitchDeps, switchDeployment, switchWorkPool, switchWorkQueue } from './switch-things.ts';
import type { ContextDeps } from './template-context.ts';
import type { TriggerDeps } from './trigger-run.ts';

export type PerformDeps = ContextDeps &
  SendDeps &
  SwitchDeps &
  ResumeDeps &
  TriggerDeps &
  Parameters<typeof deleteRun>[0] & { readonly catalogue: Catalogue; readonly automations: AutomationCalls };

function target(id: string, more: EventResource = {}): EventResource {
  return { 'prefect.resource.id': id, ...more, 'prefect.resource.role': 'target' };
}

export function performAction(deps: PerformDeps, task: Task): Promise<Outcome> {
  const { action } = task;
  switch (action.type) {
    case 'do-nothing':
      return Promise.resolve(succeeded({}));
    case 'run-deployment':
      return runDeployment(deps, { ...task, action });
    case 'pause-deployment':
    case 'resume-deployment':
      return onDeployment(deps, { ...task, action });
    case 'pause-work-pool':
    case 'resume-work-pool':
      return onWorkPool(deps, { ...task, action });
    case 'pause-work-queue':
    case 'resume-work-queue':
      return onWorkQueue(deps, { ...task, action });
    case 'pause-automation':
    case 'resume-automation':
      return onAutomation(deps, { ...task, action });
    case 'cancel-flow-run':
    case 'suspend-flow-run':
    case 'resume-flow-run':
    case 'delete-flow-run':
    case 'change-flow-run-state':
      return onRun(deps, { ...task, action });
    case 'send-notification':
      return sendNotification(deps, { ...task, action });
    case 'call-webhook':
      return callWebhook(deps, { ...task, action });
  }
}

/** What Prefect says of an answer of its own API that was not what the action wanted. */
function unexpected(type: string, status: number): string {
  return `Unexpected status from '${type}' action: ${status}`;
}

const gone = (type: string, resources: readonly EventResource[]) =>
  failed(unexpected(type, 404), resources, { status_code: 404 });

async function onDeployment(deps: PerformDeps, task: Task<Switch>): Promise<Outcome> {
  const found = targetId(task, 'prefect.deployment', 'deployment');
  if ('problem' in found) return failed(found.problem);
  const resources = [target(`prefect.deployment.${found.id}`)];
  const after = await switchDeployment(deps, found.id, task.action.type === 'pause-deployment');
  return after === undefined ? gone(task.action.type, resources) : succeeded({ status_code: 200 }, resources);
}

async function onWorkPool(deps: PerformDeps, task: Task<Switch>): Promise<Outcome> {
  const found = targetId(task, 'prefect.work-pool', 'work pool');
  if ('problem' in found) return failed(found.problem);
  const pool = (await deps.catalogue.workPools.list()).find(({ id }) => id === found.id);
  if (pool === undefined) return failed(`Work pool ${found.id} not found`);
  const resources = [target(`prefect.work-pool.${pool.id}`, { 'prefect.resource.name': pool.name })];
  const after = await switchWorkPool(deps, pool.name, task.action.type === 'pause-work-pool');
  return after === undefined ? gone(task.action.type, resources) : succeeded({ status_code: 204 }, resources);
}

async function onWorkQueue(deps: PerformDeps, task: Task<Switch>): Promise<Outcome> {
  const found = targetId(task, 'prefect.work-queue', 'work queue');
  if ('problem' in found) return failed(found.problem);
  const resources = [target(`prefect.work-queue.${found.id}`)];
  const after = await switchWorkQueue(deps, found.id, task.action.type === 'pause-work-queue');
  return after === undefined ? gone(task.action.type, resources) : succeeded({ status_code: 204 }, resources);
}

async function onAutomation(deps: PerformDeps, task: Task<Switch>): Promise<Outcome> {
  const found = targetId(task, 'prefect.automation', 'automation');
  if ('problem' in found) return failed(found.problem);
  const resources = [target(`prefect.automation.${found.id}`)];
  const after = await deps.automations.switch(found.id, task.action.type === 'resume-automation');
  return after === undefined ? gone(task.action.type, resources) : succeeded({ status_code: 204 }, resources);
}

type RunAction = ActionOf<'change-flow-run-state'> | { readonly type: (typeof plainRunActions)[number] };

async function onRun(deps: PerformDeps, task: Task<RunAction>): Promise<Outcome> {
  const runId = runIdOf(task);
  if (runId === undefined) return failed('No flow run could be inferred');
  const resources = [target(`prefect.flow-run.${runId}`)];
  const { action } = task;
  if (action.type === 'delete-flow-run') {
    return (await deleteRun(deps, runId)) ? succeeded({ status_code: 204 }, resources) : gone(action.type, resources);
  }
  if (action.type === 'resume-flow-run') {
    const answer = await resumeRun(deps, { runId });
    return stateOutcome(answer, { type: action.type, resources, words: 'Failed to resume flow run' });
  }
  const proposed = proposedState(deps, task);
  const force = action.type === 'change-flow-run-state' && action.force;
  if (force && (await wasTaken(deps, runId, proposed))) return succeeded({ status_code: 200 }, resources);
  const answer = await recordState(deps, { runId, proposed, force });
  return stateOutcome(answer, { type: action.type, resources, words: 'Failed to set state' });
}

/** A forced state passes the rule that knows a transition again, so it is looked for here. */
async function wasTaken({ runs }: PerformDeps, runId: string, { details }: ProposedState): Promise<boolean> {
  const run = await runs.read(runId);
  if (run === undefined) return false;
  return [run.state, ...run.recentStates].some((state) => state.details.transitionId === details.transitionId);
}

/** A bucket may be a run's own; else the run is the first that the event is about. */
function runIdOf({ firing, event }: Task): string | undefined {
  const label = firing.labels['prefect.resource.id'];
  const own = label === undefined ? undefined : idOfKind(label, 'prefect.flow-run');
  return own ?? (event === undefined ? undefined : idOfFirst(event, 'prefect.flow-run'));
}

const suspendedForMs = 3_600_000;

function proposedState({ world }: PerformDeps, { action, automation, triggered }: Task<RunAction>): ProposedState {
  const { id } = automation;
  const transitionId = derivedId(world.sha256, 'transition', [triggered.id]);
  if (action.type === 'change-flow-run-state') {
    const message = action.message ?? `State changed by Automation ${id}`;
    return { type: action.state, name: action.name ?? titled(action.state), message, details: { transitionId } };
  }
  if (action.type === 'cancel-flow-run') {
    return {
      type: 'CANCELLING',
      name: 'Cancelling',
      message: `Cancelled by Automation ${id}`,
      details: { transitionId },
    };
  }
  return {
    type: 'PAUSED',
    name: 'Suspended',
    message: `Suspended by Automation ${id}`,
    details: { transitionId, pauseTimeout: world.now() + suspendedForMs, pauseReschedule: true },
  };
}

function titled(type: string): string {
  return type.charAt(0) + type.slice(1).toLowerCase();
}

type Told = { readonly type: string; readonly resources: readonly EventResource[]; readonly words: string };

function stateOutcome(answer: StateAnswer | undefined, { type, resources, words }: Told): Outcome {
  if (answer === undefined) return gone(type, resources);
  const details = { status_code: answer.isNewState ? 201 : 200 };
  if (answer.status === 'ACCEPT') return succeeded(details, resources);
  return failed(`${words}: ${answer.reason ?? answer.status}`, resources, details);
}
