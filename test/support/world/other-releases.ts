// Programs of other releases beside this one, as while a new one is deployed. The former one writes attempts as text, as
// it was done before they were packed. The next one notes something in each head and attempt that this one has never
// heard of: whatever this one writes over it must leave the note as it was.
import { packAttempt, packHead, unpack } from '../../../shared/adapters/dynamodb/head-codec.ts';
import { attemptPrefix, isRunHeadKey } from '../../../shared/adapters/dynamodb/table.ts';
import type { Release } from './calls.ts';
import type { Execute } from './clients.ts';
import type { CallInput } from './database-types.ts';
import type { Item } from './expressions.ts';
import { keyOf } from './indexes.ts';

type Noted = { readonly noteOfNext?: number };

/** How often the next release wrote it. */
export const noteOfNext = (document: object): number => (document as Noted).noteOfNext ?? 0;

/** What becomes of an item that a program of this release puts. */
const written: Readonly<Record<Release, (item: Item) => Item>> = {
  this: (item) => item,
  former: (item) => (isAttempt(item) && isPacked(item) ? { ...item, doc: unpack(item.doc) } : item),
  next: (item) => {
    if (!isPacked(item)) return item;
    if (isAttempt(item)) return { ...item, doc: packAttempt(withOneMore(unpack(item.doc))) };
    return isRunHeadKey(keyOf(item)) ? { ...item, doc: packHead(withOneMore(unpack(item.doc))) } : item;
  },
};

export function asRelease(release: Release, execute: Execute): Execute {
  if (release === 'this') return execute;
  const put = ({ Item: item, ...write }: CallInput): CallInput =>
    item === undefined ? write : { ...write, Item: written[release](item) };
  return (operation, input, by) => {
    const { TransactItems: items } = input;
    if (items === undefined) return execute(operation, put(input), by);
    const changed = items.map((one) =>
      Object.fromEntries(Object.entries(one).map(([kind, write]) => [kind, put(write)])),
    );
    return execute(operation, { ...input, TransactItems: changed }, by);
  };
}

const isPacked = (item: Item): item is Item & { doc: Uint8Array } => item['doc'] instanceof Uint8Array;

function isAttempt(item: Item): boolean {
  const { pk, sk } = keyOf(item);
  return pk.startsWith('run#') && sk.startsWith(attemptPrefix);
}

function withOneMore(text: string): string {
  const document = JSON.parse(text) as Noted;
  return JSON.stringify({ ...document, noteOfNext: noteOfNext(document) + 1 });
}
