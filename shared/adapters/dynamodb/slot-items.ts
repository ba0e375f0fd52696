// Slots as items: the gate, its holders and its waits in one partition, so that one consistent query reads them all.
// Holders are many and small, so their fields stand as attributes and no document is parsed.
import {
  emptyGate,
  freshWaits,
  type Gate,
  type Holder,
  holderTypes,
  type Lease,
  type Spent,
  type Waits,
  type Who,
} from '../../domain/limit/limit.ts';
import { fromItem, type Item, toItem } from './items.ts';
import {
  format,
  gateKey,
  gateSortKey,
  holderKeyOf,
  holderPrefix,
  leaseKey,
  slotHolderKey,
  waitsKey,
  waitsSortKey,
} from './table.ts';

/** A holder that ran out and whose room nobody needed is swept away this much later. */
const keptAfterExpirySeconds = 24 * 3600;

/** When a holder or lease runs out, and when TTL may sweep it. */
export function expiryAttributes(until: number): { until: number; expires_at: number } {
  return { until, expires_at: Math.ceil(until / 1000) + keptAfterExpirySeconds };
}

export function gateItem(gateId: string, { version, spent }: { version: number; spent?: Spent | undefined }): Item {
  const rate = spent === undefined ? {} : { spent: spent.slots, spent_at: spent.at };
  return { ...gateKey(gateId), format, version, ...rate };
}

export function waitsItem(gateId: string, { averageSeconds, denied, deniedAt }: Waits): Item {
  return { ...waitsKey(gateId), format, average_seconds: averageSeconds, denied, denied_at: deniedAt };
}

export function holderItem(gateId: string, { key, slots, since, until, who }: Holder): Item {
  return {
    ...slotHolderKey(gateId, key),
    format,
    slots,
    since,
    ...(until === undefined ? {} : expiryAttributes(until)),
    ...(who === undefined ? {} : { who: `${who.type}/${who.id}` }),
  };
}

function holderFromItem(item: Item): Holder {
  const who = whoFromText(item['who']);
  return {
    key: holderKeyOf(String(item['sk'])),
    slots: Number(item['slots']),
    since: Number(item['since']),
    ...(item['until'] === undefined ? {} : { until: Number(item['until']) }),
    ...(who === undefined ? {} : { who }),
  };
}

function whoFromText(text: unknown): Who | undefined {
  const [name, id] = typeof text === 'string' ? text.split('/') : [];
  const type = holderTypes.find((known) => known === name);
  return type === undefined || id === undefined ? undefined : { type, id };
}

export function waitsFromItem(item: Item): Waits {
  return {
    averageSeconds: Number(item['average_seconds']),
    denied: Number(item['denied']),
    deniedAt: Number(item['denied_at']),
  };
}

/** A gate from everything that its partition holds. */
export function gateFromItems(id: string, items: readonly Item[]): Gate {
  const gate = items.find(({ sk }) => sk === gateSortKey);
  const waits = items.find(({ sk }) => sk === waitsSortKey);
  return {
    ...emptyGate(id),
    version: Number(gate?.['version'] ?? 0),
    spent: { slots: Number(gate?.['spent'] ?? 0), at: Number(gate?.['spent_at'] ?? 0) },
    holders: items.filter(({ sk }) => String(sk).startsWith(holderPrefix)).map(holderFromItem),
    waits: waits === undefined ? freshWaits : waitsFromItem(waits),
  };
}

export function leaseItem({ until, ...fixed }: Lease): Item {
  return toItem(leaseKey(fixed.id), fixed, until === undefined ? {} : expiryAttributes(until));
}

export function leaseFromItem(item: Item): Lease {
  const until = item['until'];
  return { ...fromItem<Lease>(item), ...(until === undefined ? {} : { until: Number(until) }) };
}
