// Takes the facts that our contract is compared with out of a Prefect server's OpenAPI document:
//   node scripts/prefect-operations.ts path/to/openapi.json
// Names, types and closed sets only; run it again when another version of Prefect becomes the model.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Fields, PrefectOperation } from './openapi/drift.ts';
import { shapesIn } from './openapi/shapes-in.ts';

type Schema = {
  readonly $ref?: string | undefined;
  readonly type?: string | undefined;
  readonly items?: Schema | undefined;
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  readonly required?: readonly string[] | undefined;
};

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.string().optional(),
    items: schema.optional(),
    properties: z.record(z.string(), z.unknown()).optional(),
    required: z.array(z.string()).optional(),
  }),
);

const content = z.object({ 'application/json': z.object({ schema }).optional() });
const operation = z.object({
  operationId: z.string(),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content: content.optional() })),
});
const document = z.object({
  info: z.object({ version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), schema) }),
});

type Document = z.output<typeof document>;

function fieldsOf(given: Schema | undefined, { components }: Document): Fields | undefined {
  if (given === undefined) return undefined;
  if (given.$ref !== undefined) {
    return fieldsOf(components.schemas[given.$ref.replace('#/components/schemas/', '')], { components } as Document);
  }
  if (given.type === 'array') return fieldsOf(given.items, { components } as Document);
  if (given.properties === undefined) return undefined;
  return { fields: Object.keys(given.properties).sort(), required: [...(given.required ?? [])].sort() };
}

/** FastAPI's ids are the function's name, the path and the method. */
function nameOf(operationId: string, path: string, method: string): string {
  return operationId.slice(0, -`${path.replace(/\W/g, '_')}_${method}`.length);
}

function operationsOf(prefect: Document): PrefectOperation[] {
  return Object.entries(prefect.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, requestBody, responses }]) => {
      const good = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
      const request = fieldsOf(requestBody?.content['application/json']?.schema, prefect);
      const response = fieldsOf(good?.content?.['application/json']?.schema, prefect);
      return {
        method: method.toUpperCase(),
        path,
        name: nameOf(operationId, path, method),
        ...(request === undefined ? {} : { request }),
        ...(response === undefined ? {} : { response }),
      };
    }),
  );
}

const [source] = process.argv.slice(2);
if (source === undefined) {
  console.error('wanted the path of an OpenAPI document of a Prefect server');
  process.exit(2);
}
const prefect = document.parse(JSON.parse(readFileSync(source, 'utf8')));
const target = fileURLToPath(new URL('../test/contract/prefect-operations.json', import.meta.url));
const operations = operationsOf(prefect);
writeFileSync(target, `${JSON.stringify({ version: prefect.info.version, operations }, null, 2)}\n`);
console.log(`${operations.length} operations of ${prefect.info.version}`);

const shapesTarget = fileURLToPath(new URL('../test/contract/prefect-shapes.json', import.meta.url));
writeFileSync(shapesTarget, `${JSON.stringify(shapesIn(JSON.parse(readFileSync(source, 'utf8'))), null, 1)}\n`);
spawnSync(fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url)), [
  'format',
  '--write',
  target,
  shapesTarget,
]);
