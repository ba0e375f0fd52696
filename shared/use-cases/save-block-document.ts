// Saves blocks: creates documents, changes their data, deletes them with what hangs on them.
// Rule: a document refers to documents that exist, and never to itself, directly or not.
import { type BlockDocument, blockDocumentIdOf, type OpenBlock } from '../domain/block/block.ts';
import { mostDepth, separateReferences } from '../domain/block/references.ts';
import { restoreSecrets, secretPaths } from '../domain/block/secrets.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { World } from '../ports/world.ts';

export type SaveBlockDeps = {
  readonly world: Pick<World, 'now' | 'sha256' | 'newId'>;
  readonly catalogue: Pick<Catalogue, 'blockTypes' | 'blockSchemas' | 'blockDocuments'>;
};

export type DocumentToCreate = {
  /** Anonymous documents may have none, and get one. */
  readonly name: string | undefined;
  readonly data: JsonObject;
  readonly blockSchemaId: string;
  readonly blockTypeId: string;
  readonly isAnonymous: boolean;
};

export type Refused =
  | { readonly kind: 'unknown_type' | 'unknown_schema' | 'exists' | 'unknown_reference' | 'gone' | 'lost' }
  | { readonly kind: 'bad_reference'; readonly problem: string }
  | { readonly kind: 'cycle'; readonly parent: string; readonly reference: string }
  | { readonly kind: 'other_type' };

export type Saved = { readonly kind: 'saved'; readonly document: BlockDocument } | Refused;

export async function createBlockDocument(deps: SaveBlockDeps, sent: DocumentToCreate): Promise<Saved> {
  const { world, catalogue } = deps;
  const [type, schema] = await Promise.all([
    catalogue.blockTypes.read(sent.blockTypeId),
    catalogue.blockSchemas.read(sent.blockSchemaId),
  ]);
  if (type === undefined) return { kind: 'unknown_type' };
  const name = sent.name ?? `anonymous-${world.newId()}`;
  const id = blockDocumentIdOf(world.sha256, type.id, name);
  if ((await catalogue.blockDocuments.read(id)) !== undefined) return { kind: 'exists' };
  if (schema === undefined) return { kind: 'unknown_schema' };
  const separated = separateReferences(sent.data);
  if (!separated.ok) return { kind: 'bad_reference', problem: separated.problem };
  const problem = await referenceProblem(deps, id, Object.values(separated.references));
  if (problem !== undefined) return problem;
  const now = world.now();
  const document: BlockDocument = {
    id,
    created: now,
    updated: now,
    version: 1,
    name,
    blockTypeId: type.id,
    blockTypeName: type.name,
    blockSchemaId: schema.id,
    isAnonymous: sent.isAnonymous,
    references: separated.references,
  };
  const { kind } = await catalogue.blockDocuments.create({ document, data: separated.data });
  return kind === 'exists' ? { kind: 'exists' } : { kind: 'saved', document };
}

export type DocumentChange = {
  readonly blockSchemaId: string | undefined;
  /** undefined: nothing was sent. Then a merge changes nothing, and a replacement leaves nothing, as with Prefect. */
  readonly data: JsonObject | undefined;
  readonly merges: boolean;
};

const mostRaces = 8;

export async function changeBlockDocument(deps: SaveBlockDeps, id: string, sent: DocumentChange): Promise<Saved> {
  for (let race = 0; race < mostRaces; race += 1) {
    const opened = (await deps.catalogue.blockDocuments.openAll([id])).get(id);
    if (opened === undefined) return { kind: 'gone' };
    if (sent.data === undefined && sent.merges) return { kind: 'saved', document: opened.document };
    const outcome = await changeOnce(deps, opened, { ...sent, data: sent.data ?? {} });
    if (outcome.kind !== 'lost') return outcome;
  }
  return { kind: 'lost' };
}

async function changeOnce(
  deps: SaveBlockDeps,
  current: OpenBlock,
  sent: DocumentChange & { readonly data: JsonObject },
): Promise<Saved> {
  const { catalogue, world } = deps;
  const { document } = current;
  const schema = await catalogue.blockSchemas.read(document.blockSchemaId);
  const restored = restoreSecrets(sent.data, current.data, secretPaths(schema?.fields ?? {}));
  const separated = separateReferences(sent.merges ? { ...current.data, ...restored } : restored);
  if (!separated.ok) return { kind: 'bad_reference', problem: separated.problem };
  const blockSchemaId = sent.blockSchemaId ?? document.blockSchemaId;
  if (blockSchemaId !== document.blockSchemaId) {
    const proposed = await catalogue.blockSchemas.read(blockSchemaId);
    if (proposed === undefined) return { kind: 'unknown_schema' };
    if (proposed.blockTypeId !== document.blockTypeId) return { kind: 'other_type' };
  }
  const known = Object.values(document.references);
  const added = Object.values(separated.references).filter((reference) => !known.includes(reference));
  const problem = await referenceProblem(deps, document.id, added);
  if (problem !== undefined) return problem;
  const after = { ...document, updated: world.now(), blockSchemaId, references: separated.references };
  const write = await catalogue.blockDocuments.change(document, { document: after, data: separated.data });
  return write === 'lost' ? { kind: 'lost' } : { kind: 'saved', document: after };
}

/** A race of two changes may still close a circle; readers stop at a depth, so it does no harm. */
async function referenceProblem(
  { catalogue }: SaveBlockDeps,
  parent: string,
  references: readonly string[],
): Promise<Refused | undefined> {
  const seen = new Set<string>();
  for (const reference of references) {
    if (reference === parent) return { kind: 'cycle', parent, reference };
    let wanted = [reference];
    for (let depth = 0; wanted.length > 0 && depth <= mostDepth; depth += 1) {
      const found = await Promise.all(wanted.map((id) => catalogue.blockDocuments.read(id)));
      if (depth === 0 && found[0] === undefined) return { kind: 'unknown_reference' };
      for (const id of wanted) seen.add(id);
      const below = found.flatMap((document) => Object.values(document?.references ?? {}));
      if (below.includes(parent)) return { kind: 'cycle', parent, reference };
      wanted = [...new Set(below)].filter((id) => !seen.has(id));
    }
  }
  return undefined;
}
