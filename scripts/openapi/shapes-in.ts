// Takes the shapes of all requests and responses out of an OpenAPI document, Prefect's or ours.

import { z } from 'zod';
import { fieldsOf, type Schema, schema, shapeOf } from './shape.ts';
import type { Shapes } from './shape-drift.ts';

const content = z.object({ 'application/json': z.object({ schema: schema.optional() }).optional() });
const operation = z.object({
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content: content.optional() })),
});
const document = z.object({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), schema) }),
});

export function shapesIn(given: unknown): Shapes {
  const { paths, components } = document.parse(given);
  const shapeOfPart = (part: Schema | undefined) =>
    part === undefined ? undefined : shapeOf(part, components.schemas);
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody, responses }]) => {
      const good = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
      const request = shapeOfPart(requestBody?.content['application/json']?.schema);
      const response = shapeOfPart(good?.content?.['application/json']?.schema);
      const bodies = { ...(request && { request }), ...(response && { response }) };
      return [`${method.toUpperCase()} ${path}`, bodies] as const;
    }),
  );
  const named = Object.entries(components.schemas).filter(([, { properties }]) => properties !== undefined);
  return {
    components: Object.fromEntries(named.map(([name, part]) => [name, fieldsOf(part, components.schemas)])),
    operations: Object.fromEntries(operations),
  };
}
