// Things as resources of events: their labels, as Prefect writes them (source: its `models/events.py`).
import type { Deployment, Flow, WorkPool, WorkQueue } from '../catalogue.ts';
import type { Json } from '../json.ts';
import type { EventResource } from './event.ts';

const resourceKinds = {
  flow: 'prefect.flow',
  flowRun: 'prefect.flow-run',
  taskRun: 'prefect.task-run',
  deployment: 'prefect.deployment',
  workPool: 'prefect.work-pool',
  workQueue: 'prefect.work-queue',
  blockDocument: 'prefect.block-document',
  concurrencyLimit: 'prefect.concurrency-limit',
  tag: 'prefect.tag',
} as const;
type Kind = keyof typeof resourceKinds;

type Named = { readonly id: string; readonly name: string };

export function resourceOf(kind: Kind, { id, name }: Named): EventResource {
  return { 'prefect.resource.id': `${resourceKinds[kind]}.${id}`, 'prefect.resource.name': name };
}

export function inRole(role: string, resource: EventResource): EventResource {
  return { ...resource, 'prefect.resource.role': role };
}

/** A thing of which no name is told. */
export function namelessInRole(role: string, kind: Kind, id: string): EventResource {
  return { 'prefect.resource.id': `${resourceKinds[kind]}.${id}`, 'prefect.resource.role': role };
}

export function flowInRole(flow: Flow): EventResource {
  return inRole('flow', resourceOf('flow', flow));
}

export function deploymentInRole(deployment: Deployment): EventResource {
  return inRole('deployment', resourceOf('deployment', deployment));
}

export function queueInRole(queue: WorkQueue): EventResource {
  return inRole('work-queue', resourceOf('workQueue', queue));
}

export function poolResource(pool: WorkPool): EventResource {
  return { ...resourceOf('workPool', pool), 'prefect.work-pool.type': pool.type };
}

export function poolInRole(pool: WorkPool): EventResource {
  return inRole('work-pool', poolResource(pool));
}

/** Sorted, each once. */
export function tagsInRole(tags: readonly string[]): EventResource[] {
  return [...new Set(tags)].sort().map((tag) => namelessInRole('tag', 'tag', tag));
}

const creators: ReadonlyMap<unknown, string> = new Map([
  ['DEPLOYMENT', 'prefect.deployment'],
  ['AUTOMATION', 'prefect.automation'],
]);

/** Who made it, by Prefect's `created_by`: people and others who are no resource are left out. */
export function creatorInRole(createdBy: Json | undefined): EventResource[] {
  if (typeof createdBy !== 'object' || createdBy === null || !('id' in createdBy)) return [];
  const kind = creators.get(createdBy['type']);
  const { id, display_value: name } = createdBy;
  if (kind === undefined || typeof id !== 'string') return [];
  const named = typeof name === 'string' && name !== '' ? { 'prefect.resource.name': name } : {};
  return [{ 'prefect.resource.id': `${kind}.${id}`, 'prefect.resource.role': 'creator', ...named }];
}
