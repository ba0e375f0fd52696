// What an artifact shows (data, description, metadata): in its item while it is small, else in parts in the bulk table.
// Parts stand under an id of their own and are written before the item names them, so a reader never mixes two writes.
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Artifact } from '../../domain/artifact/artifact.ts';
import type { DocumentClient } from './client.ts';
import { artifactPartKey, format } from './table.ts';
import { getMany, put, remove } from './writes.ts';

export type ArtifactDataOptions = {
  readonly client: DocumentClient;
  readonly bulkTable: string;
  readonly newId: () => string;
};

export type Shown = Pick<Artifact, 'data' | 'description' | 'metadata'>;

/** Where it is: inline, or in parts. */
export type Placed =
  | { readonly kind: 'inline'; readonly shown: Shown }
  | { readonly kind: 'parts'; readonly dataId: string; readonly parts: number };

/** Filters read heads by the thousand, so heads stay small. */
const largestInlineBytes = 2_000;
const partBytes = 350_000;

const compress = promisify(gzip);
const expand = promisify(gunzip);

export function createArtifactData({ client, bulkTable, newId }: ArtifactDataOptions) {
  return {
    async place(id: string, shown: Shown): Promise<Placed> {
      const text = JSON.stringify(shown);
      if (Buffer.byteLength(text) <= largestInlineBytes) return { kind: 'inline', shown };
      const bytes = await compress(text);
      const dataId = newId();
      const parts = Math.ceil(bytes.length / partBytes);
      const items = Array.from({ length: parts }, (_, part) => ({
        ...artifactPartKey(id, dataId, part),
        format,
        piece: bytes.subarray(part * partBytes, (part + 1) * partBytes),
      }));
      await Promise.all(items.map((Item) => put(client, { TableName: bulkTable, Item })));
      return { kind: 'parts', dataId, parts };
    },

    /** undefined: the parts are gone, because somebody changed or deleted the artifact meanwhile. */
    async read(id: string, placed: Placed): Promise<Shown | undefined> {
      if (placed.kind === 'inline') return placed.shown;
      const items = await getMany(client, bulkTable, keysOf(id, placed));
      if (items.length < placed.parts) return undefined;
      const pieces = items
        .toSorted((one, other) => (String(one['sk']) < String(other['sk']) ? -1 : 1))
        .flatMap(({ piece }) => (piece instanceof Uint8Array ? [piece] : []));
      const text = (await expand(Buffer.concat(pieces))).toString('utf8');
      return JSON.parse(text) as Shown;
    },

    async drop(id: string, placed: Placed): Promise<void> {
      if (placed.kind === 'inline') return;
      await Promise.all(keysOf(id, placed).map((Key) => remove(client, { TableName: bulkTable, Key })));
    },
  };
}

function keysOf(id: string, { dataId, parts }: Extract<Placed, { kind: 'parts' }>) {
  return Array.from({ length: parts }, (_, part) => artifactPartKey(id, dataId, part));
}
