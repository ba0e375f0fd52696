// What every template knows besides its context: range, dict, namespace, joiner, cycler, and the state of a loop.
import type { Json } from '../json.ts';
import {
  type Callable,
  isSame,
  isSpecial,
  jsonOf,
  numberOf,
  RenderError,
  type Special,
  textOf,
  type Value,
} from './value.ts';

/** Prefect's limit. */
const longestRange = 100;

const range: Callable = (positional) => {
  const numbers = positional.map(numberOf);
  const [start = 0, stop = 0, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers;
  if (step === 0) throw new RenderError('range() arg 3 must not be zero');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > longestRange)
    throw new RenderError(`a range of ${length} was asked for, wanted at most ${longestRange}`);
  return Array.from({ length }, (_, at) => start + at * step);
};

/** A special value whose members may be set by the template. */
class Namespace implements Special {
  readonly isSpecial = true;
  readonly members: Map<string, Value>;
  readonly call?: Callable;

  constructor(members: ReadonlyMap<string, Value>, call?: Callable) {
    this.members = new Map(members);
    if (call !== undefined) this.call = call;
  }

  member(name: string): Value {
    return this.members.get(name);
  }

  text(): string {
    return textOf(this.json());
  }

  json(): Json {
    return Object.fromEntries([...this.members].map(([name, value]) => [name, jsonOf(value)]));
  }
}

export function isNamespace(value: Value): value is Namespace {
  return isSpecial(value) && value instanceof Namespace;
}

export function setMember(namespace: Namespace, name: string, value: Value): void {
  namespace.members.set(name, value);
}

function cycler(positional: readonly Value[]): Value {
  let at = 0;
  const next: Callable = () => {
    const item = positional[at % positional.length];
    at += 1;
    return item;
  };
  return new Namespace(new Map<string, Value>([['next', next]]));
}

function joiner([separator = ', ']: readonly Value[]): Value {
  let isFirst = true;
  return () => {
    const text = isFirst ? '' : separator;
    isFirst = false;
    return text;
  };
}

export const globals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', range],
  ['dict', (_positional, named) => Object.fromEntries(named)],
  ['namespace', (_positional, named) => new Namespace(named)],
  ['cycler', cycler],
  ['joiner', joiner],
]);

/** `loop`: where a loop is. */
export function createLoop(items: readonly Value[], depth: number, again: Callable | undefined) {
  let last: Value;
  const changed: Callable = ([value]) => {
    const isChange = !isSame(last, value);
    last = value;
    return isChange;
  };
  return {
    at: (index: number): Value => {
      const members = new Map<string, Value>([
        ['index', index + 1],
        ['index0', index],
        ['revindex', items.length - index],
        ['revindex0', items.length - index - 1],
        ['first', index === 0],
        ['last', index === items.length - 1],
        ['length', items.length],
        ['previtem', items[index - 1]],
        ['nextitem', items[index + 1]],
        ['depth', depth],
        ['depth0', depth - 1],
        ['cycle', (positional: readonly Value[]) => positional[index % Math.max(1, positional.length)]],
        ['changed', changed],
      ]);
      return new Namespace(members, again);
    },
  };
}
