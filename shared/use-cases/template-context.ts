// What the templates of an action may speak of: the automation, the event, the firing, and the things that the event
// is about. Only what a template names is read.

import { type Automation, allTriggers } from '../domain/automation/automation.ts';
import { automationToWire, triggerToWire } from '../domain/automation/automation-to-wire.ts';
import { allFirings, type Firing } from '../domain/automation/firing.ts';
import {
  deploymentFields,
  flowFields,
  flowRunFields,
  limitFields,
  stateOfResource,
  taskRunFields,
  workPoolFields,
  workQueueFields,
} from '../domain/automation/native-values.ts';
import { idOfKind, involvedResources } from '../domain/automation/resource-match.ts';
import { templateFilters } from '../domain/automation/template-filters.ts';
import { eventValue, labelsValue, modelValue, plain } from '../domain/automation/template-values.ts';
import type { PrefectEvent } from '../domain/event/event.ts';
import { eventToWire } from '../domain/event/event-to-wire.ts';
import { isoText } from '../domain/iso-time.ts';
import { namesIn } from '../domain/jinja/names.ts';
import { type RenderOptions, renderTemplate } from '../domain/jinja/render.ts';
import type { Value } from '../domain/jinja/value.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Limits } from '../ports/limits.ts';
import type { Runs } from '../ports/runs.ts';
import type { TaskRuns } from '../ports/task-runs.ts';
import type { World } from '../ports/world.ts';

export type ContextDeps = {
  readonly world: Pick<World, 'now' | 'sha256'>;
  readonly runs: Pick<Runs, 'read' | 'readBody'>;
  readonly taskRuns: Pick<TaskRuns, 'read'>;
  readonly catalogue: Pick<Catalogue, 'flows' | 'deployments' | 'workPools' | 'workQueues' | 'variables'>;
  readonly limits: Pick<Limits, 'read'>;
  /** Where the web page stands, without a slash at the end. */
  readonly uiUrl?: string;
};

export type Occasion = {
  readonly automation: Automation;
  readonly firing: Firing;
  /** What the action is told as its event. */
  readonly event: PrefectEvent | undefined;
  /** The events of the firing and of those inside it, by id. */
  readonly events: ReadonlyMap<string, PrefectEvent>;
};

/** What templates of this occasion are filled in with. */
export async function templateOptions(
  deps: ContextDeps,
  occasion: Occasion,
  templates: readonly string[],
): Promise<RenderOptions> {
  const { automation, firing, event, events } = occasion;
  const { uiUrl } = deps;
  const names = new Set(templates.flatMap((template) => [...namesIn(template)]));
  const firings = allFirings(firing);
  const told = firings.flatMap(({ by }) => (by === undefined ? [] : (events.get(by.id) ?? [])));
  const context: Record<string, Value> = {
    automation: modelValue('automation', automationToWire(automation)),
    event: event === undefined ? null : eventValue(event, uiUrl),
    labels: labelsValue(firing.labels),
    firing: firingValue(automation, firing, events),
    firings: firings.map((each) => firingValue(automation, each, events)),
    events: told.map((each) => eventValue(each, uiUrl)),
    ...(event === undefined ? {} : await nativeValues(deps, event, names)),
    ...(names.has('variables') ? { variables: await variableValues(deps) } : {}),
  };
  return { context, filters: templateFilters({ uiUrl, now: deps.world.now() }) };
}

function firingValue(automation: Automation, firing: Firing, events: ReadonlyMap<string, PrefectEvent>): Value {
  const trigger = allTriggers(automation.trigger).find(({ id }) => id === firing.triggerId);
  const event = firing.by === undefined ? undefined : events.get(firing.by.id);
  return modelValue('firing', {
    id: firing.id,
    trigger: trigger === undefined ? null : triggerToWire(trigger),
    trigger_states: [...firing.states],
    triggered: isoText(firing.triggered),
    triggering_labels: firing.labels,
    triggering_event: event === undefined ? null : eventToWire(event),
    triggering_value: firing.value ?? null,
  });
}

async function variableValues({ catalogue }: ContextDeps): Promise<Value> {
  const variables = await catalogue.variables.list();
  return plain(Object.fromEntries(variables.map(({ name, value }): [string, Json] => [name, value])));
}

type Read = (deps: ContextDeps, id: string) => Promise<JsonObject | undefined>;

const natives: Readonly<Record<string, { readonly kind: string; readonly read: Read }>> = {
  flow: { kind: 'flow', read: async ({ catalogue }, id) => some(await catalogue.flows.read(id), flowFields) },
  deployment: {
    kind: 'deployment',
    read: async ({ catalogue }, id) => some(await catalogue.deployments.read(id), deploymentFields),
  },
  flow_run: { kind: 'flow-run', read: readRun },
  task_run: { kind: 'task-run', read: async ({ taskRuns }, id) => some(await taskRuns.read(id), taskRunFields) },
  work_pool: { kind: 'work-pool', read: readPool },
  work_queue: {
    kind: 'work-queue',
    read: async ({ catalogue, world }, id) =>
      some(await catalogue.workQueues.read(id), (queue) => workQueueFields(queue, world.sha256)),
  },
  concurrency_limit: {
    kind: 'concurrency-limit',
    read: async ({ limits }, id) => some(await limits.read(id), limitFields),
  },
};

function some<T>(thing: T | undefined, fields: (thing: T) => JsonObject): JsonObject | undefined {
  return thing === undefined ? undefined : fields(thing);
}

async function readRun({ runs }: ContextDeps, id: string): Promise<JsonObject | undefined> {
  const run = await runs.read(id);
  return run === undefined ? undefined : flowRunFields(run, await runs.readBody(run));
}

async function readPool({ catalogue }: ContextDeps, id: string): Promise<JsonObject | undefined> {
  const pools = await catalogue.workPools.list();
  return some(
    pools.find((pool) => pool.id === id),
    workPoolFields,
  );
}

async function nativeValues(
  deps: ContextDeps,
  event: PrefectEvent,
  names: ReadonlySet<string>,
): Promise<Record<string, Value>> {
  const wanted = Object.entries(natives).filter(([name]) => names.has(name));
  const values = await Promise.all(
    wanted.map(
      async ([name, { kind, read }]): Promise<[string, Value]> => [
        name,
        await nativeValue(deps, event, { kind, read }),
      ],
    ),
  );
  return Object.fromEntries(values);
}

async function nativeValue(
  deps: ContextDeps,
  event: PrefectEvent,
  { kind, read }: { readonly kind: string; readonly read: Read },
): Promise<Value> {
  const wanted = `prefect.${kind}`;
  const resource = involvedResources(event).find(
    (each) => (each['prefect.resource.id'] ?? '').replace(/\.[^.]*$/, '') === wanted,
  );
  const id = resource === undefined ? undefined : idOfKind(resource['prefect.resource.id'] ?? '', wanted);
  const fields = id === undefined ? undefined : await read(deps, id);
  if (fields === undefined || resource === undefined) return null;
  const state = kind === 'flow-run' || kind === 'task-run' ? stateOfResource(resource) : undefined;
  return modelValue(kind, { ...fields, ...(state === undefined ? {} : { state }) });
}

/** A text of each template, or why one of them cannot be filled in. */
export function renderAll(
  templates: readonly string[],
  options: RenderOptions,
): { readonly texts: readonly string[] } | { readonly problem: string; readonly template: string } {
  const texts: string[] = [];
  for (const template of templates) {
    try {
      texts.push(renderTemplate(template, options));
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error), template };
    }
  }
  return { texts };
}
