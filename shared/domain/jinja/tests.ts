// Jinja's tests: what may stand behind `is`.
import { compare, contains, entriesOf, isList, isSame, itemsOf, numberOf, type Value } from './value.ts';

type Test = (value: Value, argument: Value) => boolean;

const isInteger: Test = (value) => typeof value === 'number' && Number.isInteger(value);

function isWalkable(value: Value): boolean {
  try {
    itemsOf(value);
    return true;
  } catch {
    return false;
  }
}

export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['defined', (value) => value !== undefined],
  ['undefined', (value) => value === undefined],
  ['none', (value) => value === null],
  ['boolean', (value) => typeof value === 'boolean'],
  ['true', (value) => value === true],
  ['false', (value) => value === false],
  ['string', (value) => typeof value === 'string'],
  ['number', (value) => typeof value === 'number' || typeof value === 'boolean'],
  ['integer', isInteger],
  ['float', (value) => typeof value === 'number' && !Number.isInteger(value)],
  ['mapping', (value) => entriesOf(value) !== undefined],
  ['sequence', (value) => isList(value) || typeof value === 'string' || entriesOf(value) !== undefined],
  ['iterable', isWalkable],
  ['callable', (value) => typeof value === 'function'],
  ['odd', (value) => Math.abs(numberOf(value) % 2) === 1],
  ['even', (value) => numberOf(value) % 2 === 0],
  ['divisibleby', (value, by) => numberOf(value) % numberOf(by) === 0],
  ['lower', (value) => typeof value === 'string' && value === value.toLowerCase()],
  ['upper', (value) => typeof value === 'string' && value === value.toUpperCase()],
  ['sameas', (value, other) => value === other],
  ['in', (value, container) => contains(container, value)],
  ...comparing(['eq', 'equalto', '=='], isSame),
  ...comparing(['ne', '!='], (value, other) => !isSame(value, other)),
  ...comparing(['lt', 'lessthan', '<'], (value, other) => compare(value, other) < 0),
  ...comparing(['le', '<='], (value, other) => compare(value, other) <= 0),
  ...comparing(['gt', 'greaterthan', '>'], (value, other) => compare(value, other) > 0),
  ...comparing(['ge', '>='], (value, other) => compare(value, other) >= 0),
  ['escaped', () => false],
]);

function comparing(names: readonly string[], test: Test): readonly (readonly [string, Test])[] {
  return names.map((name) => [name, test]);
}
