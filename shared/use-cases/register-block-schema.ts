// Registers a block schema under the checksum that Prefect's client computes for it, and before it every schema that
// it refers to and that nobody has registered. Registering a schema twice answers the first one.
import { type BlockSchema, blockSchemaIdOf, defaultSchemaVersion } from '../domain/block/block.ts';
import { blockChecksum, definitionsOf, withDefinitions } from '../domain/block/checksum.ts';
import { plainObject, type RawObject } from '../domain/block/raw-json.ts';
import {
  type Child,
  childFields,
  completeFields,
  type SchemaReference,
  schemaReferences,
} from '../domain/block/schema-fields.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { World } from '../ports/world.ts';

export type RegisterDeps = {
  readonly world: Pick<World, 'now' | 'sha256'>;
  readonly catalogue: Pick<Catalogue, 'blockTypes' | 'blockSchemas'>;
};

export type SchemaToRegister = {
  /** With the numbers as they were sent: the checksum is over them. */
  readonly fields: RawObject;
  readonly blockTypeId: string;
  readonly capabilities: readonly string[];
  readonly version: string;
};

export type Registered =
  | { readonly kind: 'created' | 'exists'; readonly schema: BlockSchema }
  | { readonly kind: 'unknown_type'; readonly slug: string }
  | { readonly kind: 'undefined'; readonly reference: SchemaReference }
  | { readonly kind: 'too_deep' };

/** Schemas in schemas are followed this deep. */
const mostDepth = 50;

export function registerBlockSchema(deps: RegisterDeps, schema: SchemaToRegister): Promise<Registered> {
  return register(deps, schema, { definitions: definitionsOf(schema.fields) ?? {}, depth: 0 });
}

type Within = { readonly definitions: RawObject; readonly depth: number };

async function register(deps: RegisterDeps, sent: SchemaToRegister, within: Within): Promise<Registered> {
  if (within.depth > mostDepth) return { kind: 'too_deep' };
  const { world, catalogue } = deps;
  // A nested schema is written without the definitions it shares with the one around it.
  const fields = withDefinitions(sent.fields, within.definitions);
  const { version } = sent;
  const checksum = blockChecksum(world.sha256, fields);
  const id = blockSchemaIdOf(world.sha256, { checksum, version });
  const there = await catalogue.blockSchemas.read(id);
  if (there !== undefined) return { kind: 'exists', schema: there };

  const children: Child[] = [];
  for (const reference of schemaReferences(sent.fields)) {
    const child = await registerChild(deps, { reference, fields }, within);
    if (child.kind !== 'exists' && child.kind !== 'created') return child;
    children.push({ reference, checksum: child.schema.checksum, fields: child.schema.fields });
  }
  const now = world.now();
  const { kind, item } = await catalogue.blockSchemas.create({
    id,
    created: now,
    updated: now,
    checksum,
    version,
    fields: plainObject(completeFields(fields, children)),
    blockTypeId: sent.blockTypeId,
    capabilities: sent.capabilities,
  });
  return { kind, schema: item };
}

type ChildOf = { readonly reference: SchemaReference; readonly fields: RawObject };

async function registerChild(deps: RegisterDeps, { reference, fields }: ChildOf, within: Within): Promise<Registered> {
  const { catalogue } = deps;
  const type = await catalogue.blockTypes.readBySlug(reference.slug);
  if (type === undefined) return { kind: 'unknown_type', slug: reference.slug };
  const known = await newestOf(deps, reference.checksum);
  if (known !== undefined) return { kind: 'exists', schema: known };
  const child = childFields(fields, within.definitions, reference);
  if (child === undefined) return { kind: 'undefined', reference };
  const schema = { fields: child, blockTypeId: type.id, capabilities: [], version: defaultSchemaVersion };
  return register(deps, schema, { ...within, depth: within.depth + 1 });
}

/** The newest schema of a checksum, of whatever version. */
export async function newestOf(
  { catalogue }: Pick<RegisterDeps, 'catalogue'>,
  checksum: string,
): Promise<BlockSchema | undefined> {
  const schemas = (await catalogue.blockSchemas.list()).filter((schema) => schema.checksum === checksum);
  return schemas.toSorted((one, other) => other.created - one.created)[0];
}
