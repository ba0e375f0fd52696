// What can be asked of Prefect's lists, out of its own schemas: each criterion of each filter, each order.
import { readFileSync } from 'node:fs';
import type { Shape } from '../../../scripts/openapi/shape.ts';
import { shapes } from '../../../scripts/openapi/shape-drift.ts';
import type { Json, JsonObject } from '../../../shared/domain/json.ts';

/** A field of a request that is a filter, `flow_runs` of `POST /flows/filter` for one, or the order of its list. */
export type Asked = {
  readonly operation: string;
  readonly field: string;
  /** The schema of the filter, `FlowRunFilter` for one. */
  readonly filter: string;
};
export type Sorted = { readonly operation: string; readonly sort: string };

const file = new URL('../../contract/prefect-shapes.json', import.meta.url);
const prefect = shapes.parse(JSON.parse(readFileSync(file, 'utf8')));

const requests = Object.entries(prefect.operations).map(([operation, { request }]) => {
  const named = (request?.refs ?? []).map((name) => prefect.components[name] ?? {});
  return { operation, fields: Object.assign({}, request?.fields, ...named) as Record<string, { shape: Shape }> };
});

export const allAsked: readonly Asked[] = requests.flatMap(({ operation, fields }) =>
  Object.entries(fields).flatMap(([field, { shape }]) =>
    (shape.refs ?? []).filter((name) => name.endsWith('Filter')).map((filter) => ({ operation, field, filter })),
  ),
);

export const allSorted: readonly Sorted[] = requests.flatMap(({ operation, fields }) =>
  (fields['sort']?.shape.values ?? []).map((sort) => ({ operation, sort })),
);

/** Every criterion of a filter by its path, `FlowRunFilter.state.type.any_` for one. */
export function criteriaOf(filter: string, path = filter): string[] {
  return Object.entries(prefect.components[filter] ?? {}).flatMap(([field, { shape }]) => {
    const parts = shape.refs ?? [];
    return parts.length === 0 ? [`${path}.${field}`] : parts.flatMap((part) => criteriaOf(part, `${path}.${field}`));
  });
}

/** The filter that asks for nothing but this. */
export function filterOf(criterion: string, value: Json): JsonObject {
  const [, ...path] = criterion.split('.');
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value) as JsonObject;
}
