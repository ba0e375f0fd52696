// Where our contract differs from Prefect's in a way that a client could notice.

import { z } from 'zod';
import type { Operation } from './document.ts';

const fields = z.object({ fields: z.array(z.string()), required: z.array(z.string()) });
export type Fields = z.output<typeof fields>;

const prefectOperation = z.object({
  method: z.string(),
  path: z.string(),
  /** The route's function in Prefect's server. */
  name: z.string(),
  request: fields.optional(),
  response: fields.optional(),
});
export type PrefectOperation = z.output<typeof prefectOperation>;

export const prefectFacts = z.object({ version: z.string(), operations: z.array(prefectOperation) });

/** Our own routes stand apart from Prefect's. */
const ownPrefix = '/slipway/';
/** Own routes about one of Prefect's resources, beside its own. */
const ownRoutes: readonly string[] = ['/flow_runs/{id}/explain'];

/** Both slash forms of a path are one operation. */
export function keyOf(operation: string): string {
  return operation.replace(/\/$/, '');
}

const key = ({ method, path }: { method: string; path: string }) => keyOf(`${method} ${path}`);

export function findPrefect(ours: Operation, prefect: readonly PrefectOperation[]): PrefectOperation | undefined {
  return prefect.find((operation) => key(operation) === key(ours));
}

/** One sentence a difference. */
export function driftOf(ours: readonly Operation[], prefect: readonly PrefectOperation[]): string[] {
  return ours
    .filter(({ path }) => !path.startsWith(ownPrefix) && !ownRoutes.includes(path))
    .flatMap((operation) => {
      const model = findPrefect(operation, prefect);
      const where = `${operation.method} ${operation.path}`;
      if (model === undefined) return [`${where}: Prefect has no such route`];
      const name =
        model.name === operation.name ? [] : [`${where}: is called ${operation.name}, Prefect calls it ${model.name}`];
      return [
        ...name,
        ...fieldDrift(`${where}: request`, operation.request, model.request),
        ...missing(operation.response, model.response).map((field) => `${where}: response lacks ${field}`),
      ];
    });
}

function fieldDrift(where: string, ours: readonly string[] | undefined, model: Fields | undefined): string[] {
  const known = model?.fields ?? [];
  const unknown = (ours ?? []).filter((field) => !known.includes(field));
  return [
    ...unknown.map((field) => `${where} has ${field}, which Prefect does not know`),
    ...missing(ours, model).map((field) => `${where} does not know ${field}`),
  ];
}

/** Fields of the model that ours lacks. Where ours says nothing of its fields, anything may be in it. */
function missing(ours: readonly string[] | undefined, model: Fields | undefined): string[] {
  if (ours === undefined) return [];
  return (model?.fields ?? []).filter((field) => !ours.includes(field));
}
