// Types of blocks. Those that Prefect brings along are installed before the first of them is looked at.
import type { blockTypeRoutes } from '../../../shared/contract/blocks.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import { type BlockType, blockTypeIdOf } from '../../../shared/domain/block/block.ts';
import { matchesBlockSchema, matchesBlockType } from '../../../shared/domain/filter/block-filters.ts';
import type { JsonObject } from '../../../shared/domain/json.ts';
import { deleteBlockType } from '../../../shared/use-cases/delete-blocks.ts';
import { resetProtectedBlocks } from '../../../shared/use-cases/install-blocks.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { blockTypeToWire } from '../wire/blocks.ts';
import { orNone, present } from '../wire/present.ts';
import { announce } from './announce.ts';
import { readBlocks, readOneBlock } from './block-documents.ts';
import { cut, windowOf } from './paging.ts';

const missing = 'Block type not found';

async function readType(deps: ApiDeps, id: string): Promise<BlockType> {
  await deps.useCases.installBlocks();
  return found(await deps.catalogue.blockTypes.read(id), missing);
}

async function readTypeBySlug(deps: ApiDeps, slug: string): Promise<BlockType> {
  await deps.useCases.installBlocks();
  return found(await deps.catalogue.blockTypes.readBySlug(slug), missing);
}

/** Prefect escapes what its page shows, at creation only. */
function escaped(text: string | null | undefined): string | undefined {
  return orNone(text)?.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function announceType(deps: ApiDeps, action: 'created' | 'updated' | 'deleted', type: BlockType): Promise<void> {
  const { id: _id, created: _created, updated: _updated, ...shown } = blockTypeToWire(type);
  const payload: JsonObject = shown;
  return announce(deps, { kind: 'block-type', action, id: type.id, name: type.name, payload });
}

export const blockTypeHandlers = {
  async create_block_type({ body }, deps) {
    const { catalogue, world, useCases } = deps;
    if (body.name.toLowerCase().startsWith('prefect')) {
      throw new Refusal('forbidden', "Block type names beginning with 'Prefect' are reserved.");
    }
    await useCases.installBlocks();
    const now = world.now();
    const { kind, item } = await catalogue.blockTypes.create(
      present({
        id: blockTypeIdOf(world.sha256, body.slug),
        created: now,
        updated: now,
        name: body.name,
        slug: body.slug,
        logoUrl: orNone(body.logo_url),
        documentationUrl: orNone(body.documentation_url),
        description: escaped(body.description),
        codeExample: escaped(body.code_example),
        isProtected: false,
      }),
    );
    if (kind === 'exists') throw new Refusal('conflict', `Block type with name "${body.name}" already exists`);
    await announceType(deps, 'created', item);
    return blockTypeToWire(item);
  },

  read_block_type_by_id: async ({ params }, deps) => blockTypeToWire(await readType(deps, params.id)),
  read_block_type_by_slug: async ({ params }, deps) => blockTypeToWire(await readTypeBySlug(deps, params.slug)),

  async read_block_types({ body }, deps) {
    const window = windowOf(body);
    await deps.useCases.installBlocks();
    const { block_types: own, block_schemas: bySchema } = body;
    const [types, schemas] = await Promise.all([
      deps.catalogue.blockTypes.list(),
      bySchema ? deps.catalogue.blockSchemas.list() : [],
    ]);
    const matching = types.filter((type) => {
      const hasSchema = () => schemas.some((schema) => schema.blockTypeId === type.id && matchesSchema(schema));
      return (!own || matchesBlockType(own, type)) && (!bySchema || hasSchema());
    });
    function matchesSchema(schema: (typeof schemas)[number]): boolean {
      return !bySchema || matchesBlockSchema(bySchema, schema);
    }
    return cut(matching.toSorted(byName), window).map(blockTypeToWire);
  },

  async update_block_type({ params, body }, deps) {
    const before = await readType(deps, params.id);
    const sent = new Map<string, unknown>(Object.entries(body));
    const pick = (name: string, old: string | undefined): string | undefined => {
      const value = sent.get(name);
      return sent.has(name) ? (typeof value === 'string' ? value : undefined) : old;
    };
    const { logoUrl, documentationUrl, description, codeExample, ...rest } = before;
    const after: BlockType = present({
      ...rest,
      logoUrl: pick('logo_url', logoUrl),
      documentationUrl: pick('documentation_url', documentationUrl),
      description: pick('description', description),
      codeExample: pick('code_example', codeExample),
    });
    // Every client of a type sends its own words each time it saves a block: mostly they are there already.
    if (JSON.stringify(blockTypeToWire(after)) === JSON.stringify(blockTypeToWire(before))) return;
    const changed = { ...after, updated: deps.world.now() };
    await deps.catalogue.blockTypes.put(changed);
    await announceType(deps, 'updated', changed);
  },

  async delete_block_type({ params }, deps) {
    const type = await readType(deps, params.id);
    if (type.isProtected) throw new Refusal('forbidden', 'protected block types cannot be deleted.');
    await deleteBlockType(deps, type);
    await announceType(deps, 'deleted', type);
  },

  async read_block_documents_for_block_type({ params, query }, deps) {
    const type = await readTypeBySlug(deps, params.slug);
    const own = { block_type_id: { any_: [type.id] }, is_anonymous: { eq_: false } };
    return readBlocks(deps, { filters: { block_documents: own }, sort: 'NAME_ASC' }, query.include_secrets);
  },

  async read_block_document_by_name_for_block_type({ params, query }, deps) {
    const { catalogue } = deps;
    const type = await catalogue.blockTypes.readBySlug(params.slug);
    const name = params.block_document_name;
    const document = type === undefined ? undefined : await catalogue.blockDocuments.readByName(type.id, name);
    return readOneBlock(deps, document?.id, query.include_secrets);
  },

  async install_system_block_types(_request, deps) {
    await deps.useCases.installBlocks();
    await resetProtectedBlocks(deps);
    return null;
  },
} satisfies Handlers<typeof blockTypeRoutes, ApiDeps>;

function byName(one: BlockType, other: BlockType): number {
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  return one.slug < other.slug ? -1 : 1;
}
