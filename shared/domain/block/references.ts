// References from one block to another: `{"$ref": {"block_document_id": …}}` directly under a key of the data.
// Deeper ones are plain data, as they are to Prefect.
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonObject } from '../template/json-value.ts';
import type { BlockDocument, OpenBlock } from './block.ts';

export type SeparatedData =
  | { readonly ok: true; readonly data: JsonObject; readonly references: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly problem: string };

const uuidPattern = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Takes the references out of the data that was sent. */
export function separateReferences(sent: JsonObject): SeparatedData {
  const data: [string, Json][] = [];
  const references: [string, string][] = [];
  for (const [key, value] of Object.entries(sent)) {
    if (!isJsonObject(value) || !Object.hasOwn(value, '$ref')) {
      data.push([key, value]);
      continue;
    }
    const id = fieldOf(fieldOf(value, '$ref'), 'block_document_id');
    if (typeof id !== 'string') {
      return { ok: false, problem: `Received block reference without a block_document_id in key ${key}` };
    }
    if (!uuidPattern.test(id)) return { ok: false, problem: `the block_document_id of key ${key} must be a UUID` };
    references.push([key, hyphenated(id)]);
  }
  return { ok: true, data: Object.fromEntries(data), references: Object.fromEntries(references) };
}

function hyphenated(id: string): string {
  const bare = id.replaceAll('-', '').toLowerCase();
  return bare.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Documents in documents are followed this deep. */
export const mostDepth = 50;

/** What a document's data and references are when those it refers to are filled in. */
export type FullBlock = {
  readonly document: BlockDocument;
  readonly data: JsonObject;
  readonly children: Readonly<Record<string, FullBlock>>;
};

/**
 * Fills in what a document refers to. A reference to a document that is gone is gone as well.
 *
 * @param blocks every document that can be reached, by id
 * @param show what of a document's own data is shown
 */
export function fullBlock(
  root: OpenBlock,
  blocks: ReadonlyMap<string, OpenBlock>,
  show: (block: OpenBlock) => JsonObject = ({ data }) => data,
): FullBlock {
  const fill = (block: OpenBlock, depth: number): FullBlock => {
    const children = Object.entries(block.document.references).flatMap(([key, id]): [string, FullBlock][] => {
      const child = blocks.get(id);
      return child === undefined || depth >= mostDepth ? [] : [[key, fill(child, depth + 1)]];
    });
    const filled = children.map(([key, child]) => [key, child.data] as const);
    const data = { ...show(block), ...Object.fromEntries(filled) };
    return { document: block.document, data, children: Object.fromEntries(children) };
  };
  return fill(root, 0);
}
