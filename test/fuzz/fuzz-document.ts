// Our OpenAPI document as the fuzzer gets it: ids and names of stored things stand beside what else may be sent, so
// that requests find something, and every refusal has a schema.

import { openapiDocument } from '../../scripts/openapi/document.ts';

/** Names of parameters and fields, or of the collection that `id` belongs to, with values that are stored. */
export type Known = { readonly [name: string]: readonly string[] };

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

/** What every refusal looks like: FastAPI's shape, or that of Prefect's own handlers. */
const refusal = {
  description: 'refused',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        anyOf: [
          { required: ['detail'], properties: { detail: { type: 'string' } } },
          { required: ['exception_message'], properties: { exception_message: { type: 'string' } } },
        ],
      },
    },
  },
};

export function fuzzDocument(known: Known): object {
  const document: { paths: Record<string, Record<string, JsonObject>> } & JsonObject = JSON.parse(
    JSON.stringify(openapiDocument()),
  );
  const paths = Object.entries(document.paths).map(([path, methods]) => {
    const collection = path.split('/')[1] ?? '';
    const ofPath: Known = { ...known, id: known[collection] ?? [] };
    return [
      path,
      Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, withKnown(operation, ofPath)])),
    ];
  });
  const components = isObject(document['components']) ? document['components'] : {};
  const schemas = isObject(components['schemas']) ? components['schemas'] : {};
  const asked = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [`${askedPrefix}${name}`, offer(schema, known)]),
  );
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: { ...components, schemas: { ...schemas, ...asked } },
  };
}

function withKnown(operation: JsonObject, known: Known): JsonObject {
  const parameters = isList(operation['parameters']) ? operation['parameters'] : [];
  const responses = isObject(operation['responses']) ? operation['responses'] : {};
  return {
    ...operation,
    parameters: parameters.map((parameter) =>
      isObject(parameter) && typeof parameter['name'] === 'string' && parameter['in'] === 'path'
        ? { ...parameter, schema: amongOthers(known[parameter['name']], parameter['schema'] ?? {}) }
        : parameter,
    ),
    ...(operation['requestBody'] === undefined ? {} : { requestBody: offer(operation['requestBody'], known) }),
    responses: { ...responses, default: refusal },
  };
}

/** Requests have schemas of their own: answers may have any id. */
const askedPrefix = 'Asked';

/** The same schemas with known values for each field that has some. */
function offer(node: Json, known: Known): Json {
  if (isList(node)) return node.map((item) => offer(item, known));
  if (!isObject(node)) return node;
  const entries = Object.entries(node).map(([key, value]): [string, Json] => {
    if (key === '$ref' && typeof value === 'string') return [key, value.replace(/[^/]+$/, `${askedPrefix}$&`)];
    if (key !== 'properties' || !isObject(value)) return [key, offer(value, known)];
    const fields = Object.entries(value).map(([name, field]) => [
      name,
      name.endsWith('_id') || name === 'work_pool_name'
        ? beside(known[name], offer(field, known))
        : offer(field, known),
    ]);
    return [key, Object.fromEntries(fields)];
  });
  return Object.fromEntries(entries);
}

const nobody = '11111111-2222-4333-8444-555555555555';

/** Stored values, and one that nothing has: beside any text, the fuzzer would hardly ever choose a stored one. */
function beside(values: readonly string[] | undefined, schema: Json): Json {
  if (values === undefined || values.length === 0) return schema;
  const isNullable = JSON.stringify(schema).includes('"null"');
  return { enum: [...values, nobody, ...(isNullable ? [null] : [])] };
}

/** Enough for fifty requests that differ, nearly all of which the fuzzer will make: so it meets the stored ones, too. */
function amongOthers(values: readonly string[] | undefined, schema: Json): Json {
  if (values === undefined || values.length === 0) return schema;
  const areIds = values.every((value) => value.length === nobody.length);
  const others = Array.from({ length: 54 - values.length }, (_, at) =>
    areIds ? nobody.replace(/^1{8}/, String(20_000_000 + at)) : `nobody-${at}`,
  );
  return { enum: [...values, ...others] };
}

function isObject(node: Json | undefined): node is JsonObject {
  return typeof node === 'object' && node !== null && !isList(node);
}

function isList(node: Json | undefined): node is readonly Json[] {
  return Array.isArray(node);
}
