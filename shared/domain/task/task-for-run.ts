// Makes the ECS task of a run: task definition, RunTask request, and whose word ends the run.
// Pure: the same input gives the same family and request, so that a repeat of a try is the same request.
import type { Json, JsonObject } from '../json.ts';
import type { Reports } from '../run/attempt.ts';
import { fieldOf, isJsonObject, listOf, objectOf, textOf } from '../template/json-value.ts';
import { type CommandResult, engineCommand, readCommand, reportsOf } from './command.ts';
import { buildDefinition, type Definition, type LogTarget } from './definition.ts';
import { checkSizes } from './ecs-job-variables.ts';
import { authStringName, environmentOf } from './environment.ts';
import { containerNameOf, type Launch, readLaunch } from './launch.ts';
import { buildRequest } from './request.ts';
import { cleanTags, labelsOfTags } from './tags.ts';
import type { RunIdentity, TaskInput } from './task-input.ts';

export type TaskForRun = {
  readonly ok: true;
  /** Input of RegisterTaskDefinition; undefined when the template names a task definition of its own. */
  readonly definition: JsonObject | undefined;
  /** Family of the definition that the request names. */
  readonly family: string;
  /** Input of RunTask. */
  readonly request: JsonObject;
  readonly cluster: string;
  /** The container whose end is the run's. */
  readonly container: string;
  readonly reports: Reports;
  /** Where the container's output goes, as far as it is known. */
  readonly log: LogTarget | undefined;
  /** What was asked for and is not done, in words for the run's log. */
  readonly warnings: readonly string[];
};

export type TaskForRunResult = TaskForRun | { readonly ok: false; readonly problem: string };

/** Refuses what ECS would refuse, as far as it can be told from here; the problem says what was seen and wanted. */
export function taskForRun(input: TaskInput): TaskForRunResult {
  const { configuration, run } = input;
  const sizeProblem = checkSizes(configuration);
  if (sizeProblem !== undefined) return { ok: false, problem: sizeProblem };

  const launch = readLaunch(configuration);
  const container = containerNameOf(configuration);
  const own = ownOverrideOf(configuration, container);
  const command = commandOf(input, own);
  if (!command.ok) return command;
  const user = { ofTemplate: fieldOf(own, 'environment'), env: objectOf(configuration, 'env') };
  const environment = environmentOf(input.defaults, run, user);
  if (!environment.ok) return environment;
  const chosen = chooseDefinition(input, launch, container);
  if (!chosen.ok) return chosen;
  const { tags, warnings } = cleanTags(taskLabels(configuration, run));

  const built = buildRequest({
    ...input,
    launch,
    containerName: container,
    command: command.words,
    environment: environment.entries,
    tags,
    taskDefinition: chosen.taskDefinition,
    needsNetwork: chosen.needsNetwork,
  });
  if (!built.ok) return built;
  return {
    ok: true,
    definition: chosen.definition,
    family: chosen.family,
    request: built.request,
    cluster: built.cluster,
    container,
    reports: command.reports,
    log: chosen.log,
    warnings: [...ignoredSettings(input, launch, chosen), ...environment.warnings, ...warnings],
  };
}

/** The override of the run's container in the template; the first one needs no name. */
function ownOverrideOf(configuration: JsonObject, container: string): JsonObject | undefined {
  const overrides = objectOf(objectOf(configuration, 'task_run_request'), 'overrides');
  const listed = listOf(overrides, 'containerOverrides').filter(isJsonObject);
  return listed.find((override, index) => {
    const name = textOf(override, 'name');
    return name === container || (index === 0 && name === undefined);
  });
}

type ChosenCommand =
  | { readonly ok: true; readonly words: readonly string[] | undefined; readonly reports: Reports }
  | { readonly ok: false; readonly problem: string };

/** The configured command, else the template's own, else the engine; with exit-code and none, the image's. */
function commandOf({ configuration, reports }: TaskInput, own: JsonObject | undefined): ChosenCommand {
  const configured: CommandResult = readCommand(fieldOf(configuration, 'command'));
  const command = configured.ok && configured.words === undefined ? readCommand(fieldOf(own, 'command')) : configured;
  if (!command.ok) return command;
  const asked = reports ?? fieldOf(configuration, 'reports') ?? null;
  if (asked !== null && asked !== 'engine' && asked !== 'exit-code') {
    return { ok: false, problem: `reports must be engine or exit-code, got ${JSON.stringify(asked)}` };
  }
  const decided = asked ?? reportsOf(command.words);
  const standard = decided === 'engine' ? engineCommand : undefined;
  return { ok: true, words: command.words ?? standard, reports: decided };
}

type Chosen = Omit<Definition, 'definition'> & {
  readonly ok: true;
  readonly definition: JsonObject | undefined;
  readonly taskDefinition: string;
  readonly needsNetwork: boolean;
};
type ChosenDefinition = Chosen | { readonly ok: false; readonly problem: string };

function chooseDefinition(input: TaskInput, launch: Launch, containerName: string): ChosenDefinition {
  const { configuration, defaults, sha256 } = input;
  const given = launch.taskDefinition;
  if (given !== undefined) {
    const family = /(?:task-definition\/)?([^/:]+)(?::\d+)?$/.exec(given)?.[1] ?? given;
    // What a definition of the user's says is not known here: Fargate has no other network mode than awsvpc.
    const needsNetwork = launch.isFargate || isSet(configuration, 'network_configuration');
    return { ok: true, definition: undefined, family, log: undefined, taskDefinition: given, needsNetwork };
  }
  const built = buildDefinition({ configuration, defaults, launch, containerName, sha256 });
  if (!built.ok) return built;
  return { ...built, taskDefinition: built.family, needsNetwork: built.definition['networkMode'] === 'awsvpc' };
}

/** Prefect's labels, then the user's over them, then tags of the template that neither names. */
function taskLabels(configuration: JsonObject, run: RunIdentity): Record<string, string> {
  const labels: Record<string, Json | undefined> = {
    'prefect.io/flow-run-id': run.runId,
    'prefect.io/flow-run-name': run.runName,
    'prefect.io/flow-id': run.flow.id,
    'prefect.io/flow-name': run.flow.name,
    'prefect.io/deployment-id': run.deployment?.id,
    'prefect.io/deployment-name': run.deployment?.name,
    'prefect.io/work-pool-name': run.workPoolName,
    'prefect.io/work-pool-id': run.workPoolId,
    ...objectOf(configuration, 'labels'),
  };
  const ofTemplate = labelsOfTags(fieldOf(objectOf(configuration, 'task_run_request'), 'tags'));
  const texts = [
    ...Object.entries(labels),
    ...Object.entries(ofTemplate).filter(([key]) => !Object.hasOwn(labels, key)),
  ];
  return Object.fromEntries(texts.flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])));
}

/** What prefect-aws's template offers and we do otherwise. */
function ignoredSettings({ configuration, defaults }: TaskInput, launch: Launch, chosen: Chosen): readonly string[] {
  const definition = objectOf(configuration, 'task_definition');
  const ownsDefinition = launch.taskDefinition !== undefined;
  const settings: readonly (readonly [boolean, string])[] = [
    [
      isSet(configuration, 'aws_credentials'),
      'aws_credentials are ignored: tasks are started with the role of the control plane',
    ],
    [
      isSet(configuration, 'vpc_id') && !isSet(configuration, 'network_configuration'),
      'vpc_id is ignored: name subnets in network_configuration to leave the network of the stack',
    ],
    [
      isSet(configuration, 'network_configuration') && !chosen.needsNetwork,
      'network_configuration is ignored: only task definitions with the network mode awsvpc take one',
    ],
    [
      isSet(configuration, 'auto_deregister_task_definition'),
      'auto_deregister_task_definition is ignored: task definitions are shared by runs alike',
    ],
    [
      isSet(configuration, 'prefect_api_auth_string_secret_arn'),
      'prefect_api_auth_string_secret_arn is ignored: the stack gives tasks its own secret',
    ],
    [
      !ownsDefinition && textOf(definition, 'family') !== undefined,
      'family is ignored: the family of a task definition is named after its content',
    ],
    [
      ownsDefinition && defaults.authSecretArn !== undefined,
      `the task definition ${launch.taskDefinition} is used as it is: it must itself give ${authStringName} as a secret`,
    ],
  ];
  return settings.filter(([applies]) => applies).map(([, warning]) => warning);
}

function isSet(configuration: JsonObject, key: string): boolean {
  const value = fieldOf(configuration, key);
  return isJsonObject(value) ? Object.keys(value).length > 0 : Boolean(value);
}
