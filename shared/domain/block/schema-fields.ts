// The fields of a block schema that refers to schemas of other blocks: which it needs, and how it reads as a whole.
import { definitionsOf, ownDefinitions, referencesIn, withDefinitions } from './checksum.ts';
import { isRawObject, type RawObject, rawField } from './raw-json.ts';

export type SchemaReference = {
  /** The property that holds the other block. */
  readonly name: string;
  readonly slug: string;
  readonly checksum: string;
};

/** A property that may hold blocks of several types has a reference for each. */
export function schemaReferences(fields: RawObject): readonly SchemaReference[] {
  const references = rawField(fields, 'block_schema_references');
  if (!isRawObject(references)) return [];
  return Object.entries(references).flatMap(([name, value]) =>
    [value].flat().flatMap((entry) => {
      if (!isRawObject(entry)) return [];
      const [slug, checksum] = [rawField(entry, 'block_type_slug'), rawField(entry, 'block_schema_checksum')];
      return typeof slug === 'string' && typeof checksum === 'string' ? [{ name, slug, checksum }] : [];
    }),
  );
}

/** The definition of a block that a property refers to; of several, the one of this type. */
export function childFields(
  fields: RawObject,
  definitions: RawObject,
  { name, slug }: SchemaReference,
): RawObject | undefined {
  const properties = rawField(fields, 'properties');
  const property = isRawObject(properties) ? rawField(properties, name) : undefined;
  if (property === undefined) return undefined;
  const named = referencesIn(property).flatMap((reference) => {
    const definition = rawField(definitions, reference.replaceAll('#/definitions/', ''));
    return isRawObject(definition) ? [definition] : [];
  });
  return named.length === 1 ? named[0] : named.find((entry) => rawField(entry, 'block_type_slug') === slug);
}

/** A schema that another one refers to, as it is kept. */
export type Child = { readonly reference: SchemaReference; readonly checksum: string; readonly fields: RawObject };

/** The fields as a reader gets them: the references as they turned out, and the definition of every block below. */
export function completeFields(fields: RawObject, children: readonly Child[]): RawObject {
  const definitions = definitionsOf(fields);
  const own = definitions === undefined ? {} : ownDefinitions(fields, definitions);
  const below = children.flatMap(({ fields: child }) => {
    const { definitions: deeper, ...rest } = child;
    const title = rawField(child, 'title');
    if (typeof title !== 'string') return [];
    return [[title, rest] as const, ...(isRawObject(deeper) ? Object.entries(deeper) : [])];
  });
  const { block_schema_references: _sent, ...rest } = fields;
  const references = referencesByName(children);
  return withDefinitions({ ...rest, block_schema_references: references }, { ...own, ...Object.fromEntries(below) });
}

function referencesByName(children: readonly Child[]): RawObject {
  const byName = new Map<string, RawObject[]>();
  for (const { reference, checksum } of children) {
    const known = byName.get(reference.name) ?? [];
    if (known.some((entry) => rawField(entry, 'block_schema_checksum') === checksum)) continue;
    byName.set(reference.name, [...known, { block_schema_checksum: checksum, block_type_slug: reference.slug }]);
  }
  const entries = [...byName].map(([name, found]) => [name, found.length === 1 ? (found[0] ?? null) : found] as const);
  return Object.fromEntries(entries);
}
