// The release after this one, beside it: it notes something in each head and attempt that this one has never heard of.
// Whatever this release writes over it must leave the note as it was.
import { packHead, unpackHead } from '../../../shared/adapters/dynamodb/head-codec.ts';
import { attemptPrefix, isRunHeadKey } from '../../../shared/adapters/dynamodb/table.ts';
import type { Execute } from './clients.ts';
import type { CallInput } from './database-types.ts';
import type { Item } from './expressions.ts';
import { keyOf } from './indexes.ts';

type Noted = { readonly noteOfNext?: number };

/** How often the next release wrote it. */
export const noteOfNext = (document: object): number => (document as Noted).noteOfNext ?? 0;

export function asNextRelease(execute: Execute): Execute {
  return (operation, input, by) => {
    const { TransactItems: items } = input;
    if (items === undefined) return execute(operation, withNote(input), by);
    const noted = items.map((one) =>
      Object.fromEntries(Object.entries(one).map(([kind, write]) => [kind, withNote(write)])),
    );
    return execute(operation, { ...input, TransactItems: noted }, by);
  };
}

function withNote(write: CallInput): CallInput {
  const { Item: item } = write;
  if (item === undefined) return write;
  const key = keyOf(item);
  const isAttempt = key.pk.startsWith('run#') && key.sk.startsWith(attemptPrefix);
  return isAttempt || isRunHeadKey(key) ? { ...write, Item: noted(item) } : write;
}

function noted(item: Item): Item {
  const { doc } = item;
  if (doc instanceof Uint8Array) return { ...item, doc: packHead(withOneMore(unpackHead(doc))), of_next: true };
  return typeof doc === 'string' ? { ...item, doc: withOneMore(doc), of_next: true } : item;
}

function withOneMore(text: string): string {
  const document = JSON.parse(text) as Noted;
  return JSON.stringify({ ...document, noteOfNext: noteOfNext(document) + 1 });
}
