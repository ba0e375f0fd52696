// What became of flows, deployments, pools, queues and variables, as Prefect's events. Which fields count as a change,
// and what stands in payload and related resources, follows its `models/{deployments,workers,work_queues,events}.py`.
import type { Deployment, Flow, Variable, WorkPool, WorkQueue } from '../catalogue.ts';
import type { Json, JsonObject } from '../json.ts';
import type { EventResource } from './event.ts';
import { flowInRole, inRole, namelessInRole, poolInRole, poolResource, queueInRole, resourceOf } from './resources.ts';

/** A change of one thing of the catalogue: `before` and `after` are absent for what was created and deleted. */
export type CatalogueChange =
  | Change<'flow', Flow>
  | Change<'deployment', Deployment>
  | Change<'work-pool', WorkPool>
  | Change<'work-queue', WorkQueue>
  | Change<'variable', Variable>;

type Change<Kind, Thing> = {
  readonly kind: Kind;
  readonly before?: Thing | undefined;
  readonly after?: Thing | undefined;
};

/** What stands around a thing; what is gone by now is absent. */
export type Surroundings = {
  readonly flow?: Flow | undefined;
  readonly queue?: WorkQueue | undefined;
  readonly pool?: WorkPool | undefined;
};

/** An event without id and times. */
export type Telling = {
  readonly event: string;
  readonly resource: EventResource;
  readonly related: readonly EventResource[];
  readonly payload: JsonObject;
};

/** Undefined: nothing changed that anybody is told of. */
export function tellingOf(change: CatalogueChange, around: Surroundings): Telling | undefined {
  const { before, after } = change;
  const thing = after ?? before;
  if (thing === undefined) return undefined;
  const action = before === undefined ? 'created' : after === undefined ? 'deleted' : 'updated';
  const updates = action === 'updated' ? updatesOf(change) : undefined;
  if (updates !== undefined && Object.keys(updates).length === 0) return undefined;
  const payload = payloadOf(change) ?? (updates === undefined ? {} : { updated_fields: Object.keys(updates), updates });
  return { event: `prefect.${change.kind}.${action}`, ...placeOf(change, action, around), payload };
}

function payloadOf(change: CatalogueChange): JsonObject | undefined {
  if (change.kind === 'flow') {
    const flow = change.after ?? change.before;
    return flow === undefined ? {} : { name: flow.name, tags: flow.tags, labels: flow.labels };
  }
  if (change.kind === 'variable') {
    const variable = change.after ?? change.before;
    return variable === undefined ? {} : { name: variable.name, value: variable.value, tags: variable.tags };
  }
  return undefined;
}

type Place = Pick<Telling, 'resource' | 'related'>;

function placeOf(change: CatalogueChange, action: string, around: Surroundings): Place {
  switch (change.kind) {
    case 'flow':
      return bare('prefect.flow', change.after ?? change.before);
    case 'variable':
      return bare('prefect.variable', change.after ?? change.before);
    case 'deployment':
      return deploymentPlace(change.after ?? change.before, around);
    case 'work-queue':
      return queuePlace(change.after ?? change.before, around);
    case 'work-pool': {
      const pool = change.after ?? change.before;
      if (pool === undefined) return bare('prefect.work-pool', undefined);
      return { resource: poolInRole(pool), related: action === 'updated' ? [] : poolRelated(pool) };
    }
  }
}

function bare(kind: string, thing: { readonly id: string; readonly name: string } | undefined): Place {
  const resource = { 'prefect.resource.id': `${kind}.${thing?.id ?? ''}`, 'prefect.resource.name': thing?.name ?? '' };
  return { resource, related: [] };
}

export function deploymentPlace(deployment: Deployment | undefined, { flow, queue, pool }: Surroundings): Place {
  if (deployment === undefined) return bare('prefect.deployment', undefined);
  const { storageDocumentId, infrastructureDocumentId, concurrencyLimitId } = deployment;
  const related = [
    ...(flow === undefined ? [] : [flowInRole(flow)]),
    ...(queue === undefined ? [] : [queueInRole(queue)]),
    ...(pool === undefined ? [] : [poolInRole(pool)]),
    ...named('storage', 'blockDocument', storageDocumentId),
    ...named('infrastructure', 'blockDocument', infrastructureDocumentId),
    ...named('concurrency-limit', 'concurrencyLimit', concurrencyLimitId),
  ];
  return { resource: resourceOf('deployment', deployment), related };
}

export function queuePlace(queue: WorkQueue | undefined, { pool }: Surroundings): Place {
  if (queue === undefined) return bare('prefect.work-queue', undefined);
  const related = pool === undefined ? [] : [poolInRole(pool)];
  return { resource: inRole('work-queue', resourceOf('workQueue', queue)), related };
}

/** For its status a pool is named without a role. */
export function poolStatusPlace(pool: WorkPool): Place {
  return { resource: poolResource(pool), related: [] };
}

function poolRelated(pool: WorkPool): EventResource[] {
  const storage = pool.storageConfiguration['default_result_storage_block_id'];
  return [
    namelessInRole('default-queue', 'workQueue', pool.defaultQueueId),
    ...named('result-storage', 'blockDocument', typeof storage === 'string' ? storage : undefined),
  ];
}

function named(role: string, kind: Parameters<typeof namelessInRole>[1], id: string | undefined): EventResource[] {
  return id === undefined ? [] : [namelessInRole(role, kind, id)];
}

type Fields = Readonly<Record<string, unknown>>;

function updatesOf(change: CatalogueChange): Record<string, { from: Json; to: Json }> {
  const [before, after] = [fieldsOf(change, 'before'), fieldsOf(change, 'after')];
  const changed = Object.keys(after).filter((name) => ordered(before[name]) !== ordered(after[name]));
  return Object.fromEntries(changed.map((name) => [name, { from: asJson(before[name]), to: asJson(after[name]) }]));
}

/** By their wire names; is_paused and last_polled are told as status. */
function fieldsOf(change: CatalogueChange, side: 'before' | 'after'): Fields {
  switch (change.kind) {
    case 'flow':
      return pick(change[side], { name: 'name', tags: 'tags', labels: 'labels' });
    case 'variable':
      return pick(change[side], { name: 'name', value: 'value', tags: 'tags' });
    case 'work-pool':
      return pick(change[side], poolFields);
    case 'work-queue':
      return { ...pick(change[side], queueFields), description: change[side]?.description ?? '' };
    case 'deployment':
      return pick(change[side], deploymentFields);
  }
}

const poolFields = {
  description: 'description',
  base_job_template: 'baseJobTemplate',
  concurrency_limit: 'concurrencyLimit',
  storage_configuration: 'storageConfiguration',
} as const satisfies Readonly<Record<string, keyof WorkPool>>;

const queueFields = {
  name: 'name',
  description: 'description',
  concurrency_limit: 'concurrencyLimit',
  priority: 'priority',
} as const satisfies Readonly<Record<string, keyof WorkQueue>>;

const deploymentFields = {
  description: 'description',
  tags: 'tags',
  parameters: 'parameters',
  parameter_openapi_schema: 'parameterOpenapiSchema',
  enforce_parameter_schema: 'enforceParameterSchema',
  entrypoint: 'entrypoint',
  path: 'path',
  pull_steps: 'pullSteps',
  work_queue_id: 'workQueueId',
  infra_overrides: 'jobVariables',
  paused: 'paused',
  labels: 'labels',
  version: 'deploymentVersion',
  concurrency_limit_id: 'concurrencyLimitId',
  concurrency_options: 'concurrencyOptions',
} as const satisfies Readonly<Record<string, keyof Deployment>>;

function pick<Thing extends object>(thing: Thing | undefined, names: Readonly<Record<string, keyof Thing>>): Fields {
  return Object.fromEntries(Object.entries(names).map(([wire, name]) => [wire, thing?.[name]]));
}

function asJson(value: unknown): Json {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

/** Text that is the same for the same value, in whatever order its fields were sent. */
function ordered(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([one], [other]) => (one < other ? -1 : 1)))
      : entry,
  );
}
