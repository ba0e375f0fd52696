// Jinja's filters over lists and mappings.
import type { Arguments, Filter } from './filter.ts';
import { memberOf } from './members.ts';
import {
  compare,
  entriesOf,
  isSame,
  isTrue,
  itemOf,
  itemsOf,
  type List,
  numberOf,
  RenderError,
  textOf,
  type Value,
} from './value.ts';

const at = ({ positional, named }: Arguments, place: number, name: string): Value =>
  positional[place] ?? named.get(name);

/** The value behind a path like `state.name` or `0`. */
function readPath(value: Value, path: Value): Value {
  if (typeof path === 'number') return itemOf(value, path);
  return textOf(path)
    .split('.')
    .reduce<Value>(
      (of, part) => (/^\d+$/.test(part) ? itemOf(of, Number(part)) : (itemOf(of, part) ?? memberOf(of, part))),
      value,
    );
}

/** What to compare by: the value or its attribute, in small letters unless case matters. */
function keyOf(
  args: Arguments,
  places: { readonly attribute: number; readonly caseSensitive: number },
): (value: Value) => Value {
  const attribute = at(args, places.attribute, 'attribute');
  const isSensitive = isTrue(at(args, places.caseSensitive, 'case_sensitive'));
  return (value) => {
    const key = attribute === undefined || attribute === null ? value : readPath(value, attribute);
    return typeof key === 'string' && !isSensitive ? key.toLowerCase() : key;
  };
}

function sorted(value: Value, args: Arguments): List {
  const key = keyOf(args, { attribute: 2, caseSensitive: 1 });
  const order = itemsOf(value).toSorted((one, other) => compare(key(one), key(other)));
  return isTrue(at(args, 0, 'reverse')) ? order.toReversed() : order;
}

function extreme(sign: 1 | -1): Filter {
  return (value, args) => {
    const key = keyOf(args, { attribute: 1, caseSensitive: 0 });
    const [first, ...rest] = itemsOf(value);
    return rest.reduce((best, item) => (compare(key(item), key(best)) * sign > 0 ? item : best), first);
  };
}

function unique(value: Value, args: Arguments): List {
  const key = keyOf(args, { attribute: 1, caseSensitive: 0 });
  const items = itemsOf(value);
  return items.filter((item, place) => items.findIndex((other) => isSame(key(other), key(item))) === place);
}

function mapped(value: Value, args: Arguments): List {
  const attribute = args.named.get('attribute');
  const items = itemsOf(value);
  if (attribute !== undefined) {
    const fallback = args.named.get('default');
    return items.map((item) => readPath(item, attribute) ?? fallback);
  }
  const [name, ...rest] = args.positional;
  return items.map((item) => args.apply('filter', textOf(name), [item, ...rest]));
}

function selecting(wanted: boolean): Filter {
  return (value, args) => {
    const [name, ...rest] = args.positional;
    const holds = (item: Value) =>
      name === undefined ? isTrue(item) : isTrue(args.apply('test', textOf(name), [item, ...rest]));
    return itemsOf(value).filter((item) => holds(item) === wanted);
  };
}

function selectingByAttribute(wanted: boolean): Filter {
  return (value, args) => {
    const [attribute, name, ...rest] = args.positional;
    const holds = (item: Value) => {
      const found = readPath(item, attribute);
      return name === undefined ? isTrue(found) : isTrue(args.apply('test', textOf(name), [found, ...rest]));
    };
    return itemsOf(value).filter((item) => holds(item) === wanted);
  };
}

function joined(value: Value, args: Arguments): string {
  const attribute = at(args, 1, 'attribute');
  const items = attribute === undefined ? itemsOf(value) : itemsOf(value).map((item) => readPath(item, attribute));
  return items.map(textOf).join(textOf(at(args, 0, 'd') ?? ''));
}

function summed(value: Value, args: Arguments): number {
  const attribute = at(args, 0, 'attribute');
  const start = numberOf(at(args, 1, 'start') ?? 0);
  return itemsOf(value).reduce<number>(
    (sum, item) => sum + numberOf(attribute === undefined ? item : readPath(item, attribute)),
    start,
  );
}

function grouped(value: Value, args: Arguments): List {
  const attribute = at(args, 0, 'attribute');
  const groups: { readonly grouper: Value; readonly list: Value[] }[] = [];
  for (const item of itemsOf(value)) {
    const grouper = readPath(item, attribute) ?? at(args, 1, 'default');
    const group = groups.find((known) => isSame(known.grouper, grouper));
    if (group === undefined) groups.push({ grouper, list: [item] });
    else group.list.push(item);
  }
  return groups
    .toSorted((one, other) => compare(one.grouper, other.grouper))
    .map(({ grouper, list }) => [grouper, list]);
}

function batched(value: Value, args: Arguments): List {
  const size = numberOf(at(args, 0, 'linecount'));
  if (size < 1) throw new RenderError(`a batch must have 1 item or more, got ${size}`);
  const items = itemsOf(value);
  const fill = at(args, 1, 'fill_with');
  return Array.from({ length: Math.ceil(items.length / size) }, (_, place) => {
    const batch = items.slice(place * size, (place + 1) * size);
    const missing = fill === undefined ? 0 : Math.min(size, 1000) - batch.length;
    return [...batch, ...Array.from({ length: Math.max(0, missing) }, () => fill)];
  });
}

function sliced(value: Value, args: Arguments): List {
  const count = Math.min(numberOf(at(args, 0, 'slices')), 1000);
  const items = itemsOf(value);
  const [size, extra] = [Math.floor(items.length / count), items.length % count];
  return Array.from({ length: count }, (_, place) => {
    const start = place * size + Math.min(place, extra);
    return items.slice(start, start + size + (place < extra ? 1 : 0));
  });
}

function sortedEntries(value: Value, args: Arguments): List {
  const by = at(args, 1, 'by') === 'value' ? 1 : 0;
  const key = keyOf(args, { attribute: 9, caseSensitive: 0 });
  const entries = (entriesOf(value) ?? []).toSorted((one, other) => compare(key(one[by]), key(other[by])));
  return (isTrue(at(args, 2, 'reverse')) ? entries.toReversed() : entries).map(([name, entry]) => [name, entry]);
}

function reversed(value: Value): Value {
  return typeof value === 'string' ? Array.from(value).toReversed().join('') : itemsOf(value).toReversed();
}

export const listFilters: readonly (readonly [string, Filter])[] = [
  ['attr', (value, args) => memberOf(value, textOf(at(args, 0, 'name')))],
  ['batch', batched],
  ['dictsort', sortedEntries],
  ['first', (value) => itemsOf(value)[0]],
  ['last', (value) => itemsOf(value).at(-1)],
  ['random', (value) => itemsOf(value)[0]],
  ['groupby', grouped],
  ['items', (value) => (entriesOf(value) ?? []).map(([key, entry]) => [key, entry])],
  ['join', joined],
  ['list', (value) => [...itemsOf(value)]],
  ['map', mapped],
  ['max', extreme(1)],
  ['min', extreme(-1)],
  ['reject', selecting(false)],
  ['rejectattr', selectingByAttribute(false)],
  ['reverse', reversed],
  ['select', selecting(true)],
  ['selectattr', selectingByAttribute(true)],
  ['slice', sliced],
  ['sort', sorted],
  ['sum', summed],
  ['unique', unique],
  ['xmlattr', (value) => (entriesOf(value) ?? []).map(([key, entry]) => ` ${key}="${textOf(entry)}"`).join('')],
];
