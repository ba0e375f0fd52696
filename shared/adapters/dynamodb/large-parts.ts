// Texts that no message can hold: compressed, in pieces, in the bulk table. The message then only names them.
// Rule: the pieces are written before their name is told to anybody, and they outlive every message that could.
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { LargeParts } from '../../ports/events-queue.ts';
import type { DocumentClient } from './client.ts';
import { format, largePartKey } from './table.ts';
import { getMany, put } from './writes.ts';

export type LargePartsOptions = {
  readonly client: DocumentClient;
  /** The bulk table. */
  readonly table: string;
  readonly newId: () => string;
  readonly now: () => number;
};

/** An item holds 400 KB, its keys included. */
const pieceBytes = 350_000;
/** A message can wait in its queue and then in the dead-letter queue, 14 days each. */
const keptSeconds = 30 * 86_400;

const compress = promisify(gzip);
const expand = promisify(gunzip);

export function createLargeParts({ client, table, newId, now }: LargePartsOptions): LargeParts {
  return {
    async put(text) {
      const bytes = await compress(text);
      const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, at) =>
        bytes.subarray(at * pieceBytes, (at + 1) * pieceBytes),
      );
      const id = newId();
      const expires_at = Math.ceil(now() / 1000) + keptSeconds;
      const item = (piece: Buffer, at: number) => ({ ...largePartKey(id, at), format, piece, expires_at });
      await Promise.all(pieces.map((piece, at) => put(client, { TableName: table, Item: item(piece, at) })));
      return { id, count: pieces.length };
    },

    async read({ id, count }) {
      const keys = Array.from({ length: count }, (_, at) => largePartKey(id, at));
      const items = await getMany(client, table, keys);
      const pieces = items
        .toSorted((one, other) => (String(one['sk']) < String(other['sk']) ? -1 : 1))
        .flatMap(({ piece }) => (piece instanceof Uint8Array ? [piece] : []));
      if (pieces.length < count) return undefined;
      return (await expand(Buffer.concat(pieces))).toString('utf8');
    },
  };
}
