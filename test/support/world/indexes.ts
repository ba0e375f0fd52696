// The indexes of the tables: sparse, projected and late, as global secondary indexes are.
import { controlTable } from '../../../shared/config/resources.ts';
import type { CallInput, Change, ItemKey } from './database-types.ts';
import { compare, type Item, meets, projected } from './expressions.ts';

export const nameOf = ({ pk, sk }: ItemKey): string => `${pk}\n${sk}`;
export const keyOf = (item: Item | undefined): ItemKey => ({ pk: String(item?.['pk']), sk: String(item?.['sk']) });

export type Shown = { readonly item: Item; readonly sort: unknown; readonly key: ItemKey };
export type Index = {
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly projected: readonly string[];
  readonly partitions: Map<string, Map<string, Shown>>;
  /** Under which partition an item is shown. */
  readonly places: Map<string, string>;
  readonly late: { visibleAt: number; change: Change }[];
};

export function createIndexes(): ReadonlyMap<string, Index> {
  return new Map(
    Object.entries(controlTable.indexes).map(([name, { partitionKey, sortKey, projected: shown }]) => [
      name,
      {
        partitionKey,
        sortKey: sortKey.name,
        projected: ['pk', 'sk', partitionKey, sortKey.name, ...shown],
        partitions: new Map(),
        places: new Map(),
        late: [],
      },
    ]),
  );
}

/** An item's changes become visible in their order, each after its lag. */
export function note(index: Index, change: Change, visibleAt: number): void {
  const { before, after, key } = change;
  if (before?.[index.partitionKey] === undefined && after?.[index.partitionKey] === undefined) return;
  const former = index.late.findLast((late) => nameOf(late.change.key) === nameOf(key))?.visibleAt ?? 0;
  index.late.push({ visibleAt: Math.max(former, visibleAt), change });
}

/** What a query of the index sees by then. */
export function shownBy(index: Index, input: CallInput, until: number): Shown[] {
  catchUp(index, until);
  return [...(index.partitions.get(partitionOf(input)) ?? new Map<string, Shown>()).values()];
}

/** Shows what has become visible by then. */
function catchUp(index: Index, until: number): void {
  if (index.late.length === 0) return;
  const kept: Index['late'] = [];
  for (const late of index.late) {
    if (late.visibleAt > until) kept.push(late);
    else show(index, late.change);
  }
  index.late.splice(0, index.late.length, ...kept);
}

/** As an index of a table that was just restored: complete at once. */
export function rebuild(index: Index, items: Iterable<Item>): void {
  index.late.length = 0;
  index.partitions.clear();
  index.places.clear();
  for (const item of items) show(index, { key: keyOf(item), after: item });
}

function show(index: Index, { key, after }: Pick<Change, 'key' | 'after'>): void {
  const name = nameOf(key);
  const former = index.places.get(name);
  if (former !== undefined) index.partitions.get(former)?.delete(name);
  index.places.delete(name);
  const place = after?.[index.partitionKey];
  if (after === undefined || typeof place !== 'string') return;
  const partition = index.partitions.get(place) ?? new Map<string, Shown>();
  index.partitions.set(place, partition);
  const shown = index.projected.flatMap((attribute) =>
    after[attribute] === undefined ? [] : [[attribute, after[attribute]]],
  );
  partition.set(name, { item: Object.fromEntries(shown), sort: after[index.sortKey], key });
  index.places.set(name, place);
}

/** The value that a key condition compares the partition key with. */
export function partitionOf({
  KeyConditionExpression: expression = '',
  ExpressionAttributeValues: values,
}: CallInput): string {
  const token = /^\s*[#\w]+\s*=\s*(:\w+)/.exec(expression)?.[1] ?? '';
  return String(values?.[token]);
}

export function answerQuery(candidates: readonly Shown[], input: CallInput): object {
  const { Limit = Number.POSITIVE_INFINITY, ScanIndexForward: isForward = true, ExclusiveStartKey: start } = input;
  const direction = isForward ? 1 : -1;
  const sorted = candidates
    .filter((shown) => meets(input.KeyConditionExpression, shown.item, input))
    .sort((one, other) => direction * (compare(one.sort, other.sort) || compare(nameOf(one.key), nameOf(other.key))));
  const begin = start === undefined ? 0 : sorted.findIndex(({ key }) => nameOf(key) === nameOf(keyOf(start))) + 1;
  const page = sorted.slice(begin, begin + Limit);
  const last = page.at(-1);
  // DynamoDB stops where the limit is reached, and names a next page whether or not anything is on it.
  const isMore = last !== undefined && page.length === Limit;
  return {
    Items: page
      .filter((shown) => meets(input.FilterExpression, shown.item, input))
      .map((shown) => projected(input.ProjectionExpression, shown.item, input)),
    ...(isMore ? { LastEvaluatedKey: last.key } : {}),
  };
}
