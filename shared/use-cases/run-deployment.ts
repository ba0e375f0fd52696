// The action `run-deployment`: a run with a key of the action's own, so that a repeat finds the run of the first time.
import type { ActionOf } from '../domain/automation/automation.ts';
import { type Filled, hydrate, upgradeTemplates } from '../domain/automation/hydrate.ts';
import type { EventResource } from '../domain/event/event.ts';
import { type RenderOptions, renderTemplate } from '../domain/jinja/render.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import { failed, type Outcome, succeeded, type Task, targetId } from './action-outcome.ts';
import { type ContextDeps, templateOptions } from './template-context.ts';
import { type TriggerDeps, triggerRun } from './trigger-run.ts';

type RunDeps = ContextDeps & TriggerDeps;
type RunTask = Task<ActionOf<'run-deployment'>>;

export async function runDeployment(deps: RunDeps, task: RunTask): Promise<Outcome> {
  const found = targetId(task, 'prefect.deployment', 'deployment');
  if ('problem' in found) return failed(found.problem);
  const target: EventResource = {
    'prefect.resource.id': `prefect.deployment.${found.id}`,
    'prefect.resource.role': 'target',
  };
  const parameters = await filledParameters(deps, task);
  if ('problem' in parameters)
    return failed(`Unable to create flow run from deployment: ${parameters.problem}`, [target]);
  const { action, automation, triggered } = task;
  const answer = await triggerRun(deps, {
    deploymentId: found.id,
    parameters: parameters.value,
    ...(action.jobVariables === null ? {} : { jobVariables: action.jobVariables }),
    idempotencyKey: `automation ${automation.id}, action ${triggered.index}, invocation ${triggered.id}`,
    state: {
      type: 'SCHEDULED',
      name: 'Scheduled',
      details: { scheduledTime: task.firing.triggered + action.scheduleAfterSeconds * 1000 },
    },
    createdBy: { id: automation.id, type: 'AUTOMATION', display_value: automation.name },
  });
  if (answer.kind === 'refused') {
    const status = answer.code === 'not_found' ? 404 : answer.code === 'conflict' ? 409 : 422;
    const words =
      status === 404
        ? `Unexpected status from '${action.type}' action: 404`
        : `Validation error occurred for '${action.type}' - ${answer.reason}`;
    const details = { status_code: status, ...(status === 409 ? { validation_error: answer.reason } : {}) };
    return failed(words, [target], details);
  }
  const { run } = answer;
  const made: EventResource = {
    'prefect.resource.id': `prefect.flow-run.${run.id}`,
    'prefect.resource.role': 'flow-run',
    'prefect.resource.name': run.name,
  };
  return succeeded({ status_code: answer.kind === 'created' ? 201 : 200 }, [target, made]);
}

async function filledParameters(
  deps: RunDeps,
  task: RunTask,
): Promise<{ readonly value: JsonObject } | { readonly problem: string }> {
  const parameters = upgradeTemplates(task.action.parameters ?? {});
  const templates: string[] = [];
  const names: string[] = [];
  hydrate(parameters, {
    template: (template): Filled => {
      templates.push(template);
      return { kind: 'open' };
    },
    variable: (name): Filled => {
      names.push(name);
      return { kind: 'open' };
    },
  });
  const [options, variables] = await Promise.all([templateOptions(deps, task, templates), readVariables(deps, names)]);
  const { value, problems } = hydrate(parameters, {
    template: (template) => rendered(template, options),
    variable: (name) => variableOf(variables, name),
  });
  const [problem] = problems.values();
  return problem === undefined ? { value } : { problem };
}

async function readVariables({ catalogue }: RunDeps, names: readonly string[]): Promise<ReadonlyMap<string, Json>> {
  const found = await Promise.all([...new Set(names)].map((name) => catalogue.variables.readByName(name)));
  return new Map(
    found.flatMap((variable) => (variable === undefined ? [] : [[variable.name, variable.value] as const])),
  );
}

function rendered(template: string, options: RenderOptions): Filled {
  try {
    return { kind: 'value', value: renderTemplate(template, options) };
  } catch (error) {
    return { kind: 'problem', problem: `Invalid jinja: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function variableOf(variables: ReadonlyMap<string, Json>, name: string): Filled {
  const value = variables.get(name);
  return value === undefined
    ? { kind: 'problem', problem: `Variable '${name}' not found in workspace.` }
    : { kind: 'value', value };
}
