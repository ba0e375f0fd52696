// One request of a sequence, as data: things that only exist once it runs stand in it as `@{name}`.
// A step can be left out of its sequence: what refers to it then refers to nothing, on both servers alike.
import { createHash } from 'node:crypto';
import type { Json } from '../../../shared/domain/json.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Step = {
  readonly method: Method;
  /** Below `/api`, the query included. */
  readonly path: string;
  readonly body?: Json;
  /** Sent as it is in place of a body. */
  readonly text?: string;
  /** References that the answer gives a meaning to, each with where in the answer: `id`, `0.id`, `limits.0.id`. */
  readonly keep?: Readonly<Record<string, string>>;
  /** Asked again until both agree: what it reads arrives behind the answer that announced it. */
  readonly isEventual?: true;
  /** The order of the list in the answer is nobody's promise. */
  readonly isUnordered?: true;
};

/** An id that nothing has. */
export const nobody = '00000000-1111-4222-8333-444444444444';

const reference = /@\{([\w-]+)\}/g;

/** An id for a thing that never came to be: of this sequence alone, and the same on both servers. */
function idOfNothing(name: string): string {
  const digits = createHash('sha256').update(name).digest('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

/** Puts in what one server calls the things. */
export function fill(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(reference, (_, name: string) => names.get(name) ?? idOfNothing(name));
}

const topics: readonly (readonly [RegExp, string])[] = [
  [/^\/deployments\/[^/]+\/schedules/, 'deployment schedules'],
  [/^\/v2\/concurrency_limits\/(?:leases|\w+-with-lease)/, 'concurrency leases'],
  [/^\/v2\/concurrency_limits/, 'concurrency limits v2'],
  [/^\/concurrency_limits/, 'concurrency limits v1'],
  [/^\/flow_runs\/[^/]+\/(?:set_state|resume)/, 'flow run states'],
  [/^\/flow_runs\/[^/]+\/input/, 'flow run inputs'],
  [/^\/flow_run_states/, 'flow run states'],
  [/^\/task_runs\/[^/]+\/set_state/, 'task run states'],
  [/^\/task_run_states/, 'task run states'],
  [/^\/work_pools\/[^/]+\/queues/, 'work queues'],
  [/^\/work_pools\/[^/]+\/(?:workers|get_scheduled)/, 'workers'],
  [/\/templates\//, 'templates'],
  [/^\/(?:health|ready|hello|version|csrf-token)/, 'root'],
];

/** The resource of the API that a path is about. */
export function resourceOf(path: string): string {
  const special = topics.find(([pattern]) => pattern.test(path))?.[1];
  return special ?? (path.split(/[/?]/)[1] ?? '').replaceAll('_', ' ');
}

/** The path with ids and names left out, as a heading for differences. */
export function routeOf({ method, path }: Step): string {
  const plain = path
    .replace(/\?.*$/, '')
    .replace(/@\{[\w-]+\}/g, '{}')
    .replace(/\/[^/]*q\d+[^/]*/g, '/{}');
  return `${method} ${plain.replaceAll(nobody, '{}')}`;
}
