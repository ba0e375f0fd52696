// The shape of a JSON schema: types, null among them, values of closed sets, fields and which of them are required.
// Formats, lengths, defaults and words are left out: two servers may differ in them and still understand each other.

import { z } from 'zod';

export type Schema = {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly items?: Schema | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly allOf?: readonly Schema[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
};

export const schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    // A tuple has `false` here: nothing comes after its items.
    items: z
      .union([schema, z.boolean()])
      .transform((items) => (typeof items === 'boolean' ? undefined : items))
      .optional(),
    anyOf: z.array(schema).optional(),
    oneOf: z.array(schema).optional(),
    allOf: z.array(schema).optional(),
    properties: z.record(z.string(), schema).optional(),
    required: z.array(z.string()).optional(),
  }),
);

/** Named objects stay names, so that shapes may contain themselves. */
export type Shape = {
  readonly types: readonly string[];
  /** Values of a closed set; absent where the set is open. */
  readonly values?: readonly string[] | undefined;
  readonly items?: Shape | undefined;
  readonly fields?: Readonly<Record<string, Field>> | undefined;
  /** Components that are objects with fields. */
  readonly refs?: readonly string[] | undefined;
};
export type Field = { readonly shape: Shape; readonly required?: true | undefined };

export const shape: z.ZodType<Shape> = z.lazy(() =>
  z.object({
    types: z.array(z.string()),
    values: z.array(z.string()).optional(),
    items: shape.optional(),
    fields: z.record(z.string(), field).optional(),
    refs: z.array(z.string()).optional(),
  }),
);
const field: z.ZodType<Field> = z.lazy(() => z.object({ shape, required: z.literal(true).optional() }));

export type Components = Readonly<Record<string, Schema>>;

const nameOf = (ref: string) => ref.replace(/^#\/(components\/schemas|\$defs)\//, '');

export function shapeOf(given: Schema, components: Components): Shape {
  if (given.$ref !== undefined) {
    const name = nameOf(given.$ref);
    const target = components[name] ?? {};
    return target.properties === undefined ? shapeOf(target, components) : { types: ['object'], refs: [name] };
  }
  const parts = given.anyOf ?? given.oneOf ?? given.allOf;
  if (parts !== undefined) return union(parts.map((part) => shapeOf(part, components)));
  const values = given.const === undefined ? given.enum : [given.const];
  if (values !== undefined) return { types: typesOf(values), values: values.map(String).sort() };
  const types = typeof given.type === 'string' ? [given.type] : [...(given.type ?? ['any'])].sort();
  return {
    types,
    ...(given.items === undefined ? {} : { items: shapeOf(given.items, components) }),
    ...(given.properties === undefined ? {} : { fields: fieldsOf(given, components) }),
  };
}

/** The fields of an object schema. */
export function fieldsOf({ properties = {}, required = [] }: Schema, components: Components): Record<string, Field> {
  return Object.fromEntries(
    Object.entries(properties)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, property]) => [
        name,
        { shape: shapeOf(property, components), ...(required.includes(name) ? { required: true as const } : {}) },
      ]),
  );
}

function typesOf(values: readonly unknown[]): string[] {
  return [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))].sort();
}

/** Any of the shapes; a set is closed only where every part with values to choose from is. */
function union(shapes: readonly Shape[]): Shape {
  const types = [...new Set(shapes.flatMap((part) => part.types))].sort();
  const choosing = shapes.filter(({ types: [type] }) => type !== 'null');
  const values = choosing.every((part) => part.values !== undefined)
    ? choosing.flatMap((part) => part.values ?? [])
    : [];
  const items = shapes.flatMap((part) => (part.items === undefined ? [] : [part.items]));
  const fields = unionOfFields(shapes.flatMap((part) => (part.fields === undefined ? [] : [part.fields])));
  const refs = [...new Set(shapes.flatMap((part) => part.refs ?? []))].sort();
  return {
    types,
    ...(values.length === 0 ? {} : { values: [...new Set(values)].sort() }),
    ...(items.length === 0 ? {} : { items: union(items) }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
    ...(refs.length === 0 ? {} : { refs }),
  };
}

/** The fields that any of some objects has; required is what all of them require. */
export function unionOfFields(objects: readonly Readonly<Record<string, Field>>[]): Record<string, Field> {
  const names = [...new Set(objects.flatMap((fields) => Object.keys(fields)))].sort();
  return Object.fromEntries(
    names.map((name) => {
      const fields = objects.flatMap((object) => object[name] ?? []);
      const required = fields.length === objects.length && fields.every((field) => field.required);
      return [
        name,
        { shape: union(fields.map((field) => field.shape)), ...(required ? { required: true as const } : {}) },
      ];
    }),
  );
}
