// Our OpenAPI document, built from the contract without starting anything.

import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import { prefectVersion } from '../../shared/contract/admin.ts';
import { allRoutes } from '../../shared/contract/all-routes.ts';
import { basePath, type Route } from '../../shared/contract/define-routes.ts';
import { json } from '../../shared/contract/scalars.ts';
import type { Traits } from './recorded-calls.ts';

/** A route with the names of its top-level fields; undefined where a body is no object with known fields. */
export type Operation = {
  readonly method: string;
  readonly path: string;
  readonly resource: string;
  readonly name: string;
  readonly request?: readonly string[];
  readonly response?: readonly string[];
};

type NamedRoute = { readonly resource: string; readonly name: string; readonly route: Route };

const named: readonly NamedRoute[] = Object.entries(allRoutes).flatMap(([resource, routes]) =>
  Object.entries<Route>(routes).map(([name, route]) => ({ resource, name, route })),
);

/** The path as OpenAPI writes it: it knows no parameters with slashes. */
function plainPath({ path }: Route): string {
  return path.replaceAll('+}', '}');
}

export function operations(): Operation[] {
  return named.map(({ resource, name, route }) => {
    const request = fieldsOf(route.body, 'input');
    const response = fieldsOf(route.response, 'output');
    return {
      method: route.method,
      path: plainPath(route),
      resource,
      name,
      ...(request === undefined ? {} : { request }),
      ...(response === undefined ? {} : { response }),
    };
  });
}

/** How an operation (`GET /flows/{id}`) answers. */
export function traitsOf(operation: string): Traits {
  const route = named.find(({ route }) => `${route.method} ${plainPath(route)}` === operation)?.route;
  if (route === undefined) throw new Error(`no operation ${operation}`);
  const { method, status, newStatus, response } = route;
  return {
    // Where anything may be answered, nothing may.
    hasBody: response !== undefined && !(response instanceof z.ZodNull) && response !== json,
    isWrite: ['PUT', 'PATCH', 'DELETE'].includes(method) || status !== 200 || newStatus !== undefined,
  };
}

type Rendered = {
  readonly $ref?: string | undefined;
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  readonly items?: Rendered | undefined;
  readonly $defs?: Readonly<Record<string, Rendered>> | undefined;
};

const rendered: z.ZodType<Rendered> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    properties: z.record(z.string(), z.unknown()).optional(),
    items: rendered.optional(),
    $defs: z.record(z.string(), rendered).optional(),
  }),
);

/** Names of the fields of an object, or of the items of a list; undefined where anything may be in it. */
function fieldsOf(schema: z.ZodType | undefined, io: 'input' | 'output'): string[] | undefined {
  if (schema === undefined) return undefined;
  const root = rendered.parse(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
  const names = (part: Rendered | undefined): string[] | undefined => {
    if (part?.$ref !== undefined) return names(root.$defs?.[part.$ref.replace('#/$defs/', '')]);
    if (part?.items !== undefined) return names(part.items);
    return part?.properties === undefined ? undefined : Object.keys(part.properties).sort();
  };
  return names(root);
}

function operationObject({ resource, name, route }: NamedRoute): ZodOpenApiOperationObject {
  const answer = (schema: z.ZodType | undefined) => {
    if (schema === undefined) return {};
    const { mediaType } = route;
    // Text is answered as it is, whatever the handler hands over.
    return mediaType === undefined
      ? { content: { 'application/json': { schema } } }
      : { content: { [mediaType]: { schema: z.string() } } };
  };
  const statuses = [route.status, ...(route.newStatus === undefined ? [] : [route.newStatus])];
  return {
    operationId: `${resource}.${name}`,
    summary: route.summary,
    tags: [resource],
    ...(route.params === undefined && route.query === undefined
      ? {}
      : {
          requestParams: {
            ...(route.params === undefined ? {} : { path: route.params }),
            ...(route.query === undefined ? {} : { query: route.query }),
          },
        }),
    ...(route.body === undefined ? {} : { requestBody: { content: { 'application/json': { schema: route.body } } } }),
    responses: Object.fromEntries(
      statuses.map((status) => [
        String(status),
        { description: status === route.newStatus ? 'made' : 'done', ...answer(route.response) },
      ]),
    ),
    'x-errors': [...route.errors],
  };
}

export function openapiDocument() {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of named) {
    const path = plainPath(route.route);
    paths[path] = { ...paths[path], [route.route.method.toLowerCase()]: operationObject(route) };
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: { title: 'Slipway', version: prefectVersion, description: 'Prefect’s REST API, as far as it is served.' },
    servers: [{ url: basePath }],
    paths,
  };
  // What a client may put anything into has an empty schema.
  return createDocument(document, { allowEmptySchema: { custom: true } });
}
