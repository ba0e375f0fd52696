// From a waiting run to the ECS task it asks for: loads what the pool's template refers to, then asks the pure rules.
import type { Deployment, Flow, WorkPool } from '../domain/catalogue.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { Reports } from '../domain/run/attempt.ts';
import type { Run, RunBody } from '../domain/run/run.ts';
import { type LaunchOptions, launchOptions } from '../domain/task/launch-plan.ts';
import {
  checkAgainstCapacity,
  type LaunchSettings,
  launchSettingsOf,
  type SettingsResult,
} from '../domain/task/launch-settings.ts';
import { startedBy } from '../domain/task/started-by.ts';
import { type TaskForRun, taskForRun } from '../domain/task/task-for-run.ts';
import { type TaskDefaults, unreadEcsKeys } from '../domain/task/task-input.ts';
import { mergeJobVariables } from '../domain/template/job-variables.ts';
import { renderJobConfiguration, templateReferences } from '../domain/template/render.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';

export type JobDeps = {
  readonly world: Pick<World, 'sha256'>;
  readonly runs: Pick<Runs, 'readBodies'>;
  readonly catalogue: Catalogue;
  readonly taskDefaults: TaskDefaults;
  readonly stack: string;
};

export type JobFacts = {
  flow(id: string): Promise<Flow | undefined>;
  deployment(id: string): Promise<Deployment | undefined>;
  workPool(name: string): Promise<WorkPool | undefined>;
};

export type Job =
  | {
      readonly kind: 'job';
      /** Undefined when the template names a task definition of its own. */
      readonly definition: JsonObject | undefined;
      readonly family: string;
      readonly cluster: string;
      readonly container: string;
      readonly request: JsonObject;
      readonly reports: Reports;
      readonly warnings: readonly string[];
      readonly settings: LaunchSettings;
      /** Undefined where there is but one way to launch it. */
      readonly options: LaunchOptions | undefined;
    }
  | { readonly kind: 'unrenderable'; readonly problem: string };

type Subject = {
  readonly run: Run;
  readonly body: RunBody;
  readonly flow: Flow;
  readonly deployment: Deployment | undefined;
  readonly pool: WorkPool;
};

export async function renderJob(deps: JobDeps, facts: JobFacts, run: Run): Promise<Job> {
  const [flow, deployment, pool, bodies] = await Promise.all([
    facts.flow(run.flowId),
    run.deploymentId === undefined ? undefined : facts.deployment(run.deploymentId),
    facts.workPool(run.workPoolName ?? ''),
    deps.runs.readBodies([run]),
  ]);
  if (flow === undefined) return unrenderable(`its flow ${run.flowId} is gone`);
  if (pool === undefined) return unrenderable(`its work pool ${run.workPoolName} is gone`);
  if (run.deploymentId !== undefined && deployment === undefined) return unrenderable('its deployment is gone');
  const body = bodies.get(run.id);
  if (body === undefined) return unrenderable('its parameters are gone');
  return renderFor(deps, { run, body, flow, deployment, pool });
}

function unrenderable(problem: string): Job {
  return { kind: 'unrenderable', problem };
}

async function renderFor(deps: JobDeps, subject: Subject): Promise<Job> {
  const { run, body, flow, deployment, pool } = subject;
  const template = pool.baseJobTemplate;
  const values = mergeJobVariables(deployment?.jobVariables ?? {}, body.jobVariables);
  const loaded = await loadReferences(deps, template, values);
  const rendered = renderJobConfiguration({
    template,
    values,
    variables: loaded.variables,
    blocks: (type, name) => loaded.blocks.get(`${type}.${name}`),
    blockById: (id) => loaded.blocksById.get(id),
    unresolved: unreadEcsKeys,
    ctx: {
      flow: { id: flow.id, name: flow.name },
      flow_run: { id: run.id, name: run.name, parameters: body.parameters, tags: run.tags },
    },
  });
  if (!rendered.ok) return unrenderable(rendered.problem);
  const attempt = run.attempt + 1;
  const task = taskForRun({
    configuration: rendered.configuration,
    defaults: deps.taskDefaults,
    sha256: deps.world.sha256,
    ...reportsAsked(values),
    run: {
      runId: run.id,
      runName: run.name,
      attempt,
      flow: { id: flow.id, name: flow.name },
      ...(deployment === undefined ? {} : { deployment: { id: deployment.id, name: deployment.name } }),
      workPoolName: pool.name,
      workPoolId: pool.id,
      startedBy: startedBy({ stack: deps.stack, runId: run.id, attempt }),
    },
  });
  return task.ok ? withSettings(task, launchSettingsOf(template, values), run.id) : unrenderable(task.problem);
}

function withSettings(task: TaskForRun, read: SettingsResult, runId: string): Job {
  const problems = read.ok ? checkAgainstCapacity(read.settings, task.request) : read.problems;
  const [problem] = problems;
  if (!read.ok || problem !== undefined) {
    return unrenderable(
      problem === undefined ? 'its settings are not usable' : `${problem.variable} ${problem.problem}`,
    );
  }
  const options = launchOptions(task.request, read.settings, { container: task.container, runId });
  return { kind: 'job', ...task, settings: read.settings, options };
}

/** Rule 8's job variable: whose word ends the run. */
function reportsAsked(values: JsonObject): { readonly reports?: Json } {
  const asked = values['reports'];
  return asked === undefined || asked === null ? {} : { reports: asked };
}

type Loaded = {
  readonly variables: JsonObject;
  /** By `<type>.<name>`. */
  readonly blocks: ReadonlyMap<string, Json>;
  readonly blocksById: ReadonlyMap<string, Json>;
};

/** Blocks first, since their data may mention variables; what does not exist is left for the rendering to judge. */
async function loadReferences(deps: JobDeps, template: JsonObject, values: JsonObject): Promise<Loaded> {
  const first = templateReferences(template, values, { unresolved: unreadEcsKeys });
  const [blocks, blocksById] = await Promise.all([
    loadAll(
      first.blocks,
      ({ type, name }) => `${type}.${name}`,
      ({ type, name }) => deps.catalogue.blocks.readData(type, name),
    ),
    loadAll(
      first.blockIds,
      (id) => id,
      (id) => deps.catalogue.blocks.readDataById(id),
    ),
  ]);
  const all =
    blocks.size + blocksById.size === 0
      ? first
      : templateReferences(template, values, {
          unresolved: unreadEcsKeys,
          blocks: { byName: (type, name) => blocks.get(`${type}.${name}`), byId: (id) => blocksById.get(id) },
        });
  const found = await Promise.all(all.variables.map((name) => deps.catalogue.variables.readByName(name)));
  const variables = found.flatMap((variable) =>
    variable === undefined ? [] : [[variable.name, variable.value] as const],
  );
  return { variables: Object.fromEntries(variables), blocks, blocksById };
}

async function loadAll<T>(
  asked: readonly T[],
  nameOf: (one: T) => string,
  load: (one: T) => Promise<Json | undefined>,
): Promise<ReadonlyMap<string, Json>> {
  const loaded = await Promise.all(asked.map(async (one) => [nameOf(one), await load(one)] as const));
  return new Map(loaded.flatMap(([name, data]) => (data === undefined ? [] : [[name, data] as const])));
}
