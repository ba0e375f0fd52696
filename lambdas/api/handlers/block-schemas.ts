// Schemas of blocks, and what they can do.
import type { blockCapabilityRoutes, blockSchemaRoutes } from '../../../shared/contract/blocks.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import { type BlockSchema, blockSchemaIdOf } from '../../../shared/domain/block/block.ts';
import { isRawObject, parseRaw, type RawObject, rawField } from '../../../shared/domain/block/raw-json.ts';
import { matchesBlockSchema } from '../../../shared/domain/filter/block-filters.ts';
import { deleteBlockSchema } from '../../../shared/use-cases/delete-blocks.ts';
import { newestOf, type Registered, registerBlockSchema } from '../../../shared/use-cases/register-block-schema.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound, Refusal } from '../refusal.ts';
import { blockSchemaToWire } from '../wire/blocks.ts';
import { cut, windowOf } from './paging.ts';

const missing = 'Block schema not found';

async function withType({ catalogue }: ApiDeps, schema: BlockSchema) {
  return blockSchemaToWire(schema, await catalogue.blockTypes.read(schema.blockTypeId));
}

async function readSchema(deps: ApiDeps, id: string): Promise<BlockSchema> {
  await deps.useCases.installBlocks();
  return found(await deps.catalogue.blockSchemas.read(id), missing);
}

/** The fields as they were sent: a checksum tells 1 from 1.0. */
function sentFields(text: string): RawObject {
  const body = parseRaw(text);
  const fields = isRawObject(body) ? rawField(body, 'fields') : undefined;
  return isRawObject(fields) ? fields : {};
}

function registered(outcome: Registered): Extract<Registered, { schema: unknown }> {
  switch (outcome.kind) {
    case 'created':
    case 'exists':
      return outcome;
    case 'unknown_type':
      throw new Refusal(
        'conflict',
        `Cannot create block schema because block type '${outcome.slug}' was not found.Did you forget to register the block type?`,
      );
    case 'undefined': {
      const { name, slug } = outcome.reference;
      const wanted = `wanted it in the definitions that the property ${name} refers to`;
      throw new Refusal('invalid_request', `no definition of the block type ${slug} was sent: ${wanted}`);
    }
    case 'too_deep':
      throw new Refusal('invalid_request', 'the schemas refer to each other in a circle, wanted an end');
  }
}

export const blockSchemaHandlers = {
  async create_block_schema({ body, text }, deps) {
    await deps.useCases.installBlocks();
    const type = await deps.catalogue.blockTypes.read(body.block_type_id);
    if (type === undefined) throw notFound(`Block type ${body.block_type_id} not found.`);
    const { block_type_id: blockTypeId, capabilities, version } = body;
    const sent = { fields: sentFields(text()), blockTypeId, capabilities, version };
    const { kind, schema } = registered(await registerBlockSchema(deps, sent));
    return { isNew: kind === 'created', value: await withType(deps, schema) };
  },

  read_block_schema_by_id: async ({ params }, deps) => withType(deps, await readSchema(deps, params.id)),

  async read_block_schema_by_checksum({ params: { checksum }, query: { version } }, deps) {
    const { catalogue, useCases, world } = deps;
    await useCases.installBlocks();
    const schema =
      version === undefined
        ? await newestOf(deps, checksum)
        : await catalogue.blockSchemas.read(blockSchemaIdOf(world.sha256, { checksum, version }));
    return withType(deps, found(schema, missing));
  },

  async read_block_schemas({ body }, deps) {
    const window = windowOf(body);
    await deps.useCases.installBlocks();
    const [schemas, types] = await Promise.all([deps.catalogue.blockSchemas.list(), deps.catalogue.blockTypes.list()]);
    const typeOf = new Map(types.map((type) => [type.id, type]));
    const { block_schemas: filter } = body;
    const matching = schemas.filter((schema) => !filter || matchesBlockSchema(filter, schema));
    const newestFirst = matching.toSorted((one, other) => other.created - one.created || (one.id < other.id ? 1 : -1));
    return cut(newestFirst, window).map((schema) => blockSchemaToWire(schema, typeOf.get(schema.blockTypeId)));
  },

  async delete_block_schema({ params }, deps) {
    const schema = await readSchema(deps, params.id);
    const type = await deps.catalogue.blockTypes.read(schema.blockTypeId);
    if (type?.isProtected === true) {
      throw new Refusal('forbidden', 'Block schemas for protected block types cannot be deleted.');
    }
    await deleteBlockSchema(deps, schema);
  },
} satisfies Handlers<typeof blockSchemaRoutes, ApiDeps>;

export const blockCapabilityHandlers = {
  async read_available_block_capabilities(_request, deps) {
    await deps.useCases.installBlocks();
    const schemas = await deps.catalogue.blockSchemas.list();
    return [...new Set(schemas.flatMap(({ capabilities }) => capabilities))].sort();
  },
} satisfies Handlers<typeof blockCapabilityRoutes, ApiDeps>;
