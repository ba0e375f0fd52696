// Where the schemas of our requests and responses differ from Prefect's: fields, types, null, closed sets, required.
// Rule: a request may be as Prefect's says and must be taken; a response must never be what Prefect's does not allow.

import { z } from 'zod';
import { type Field, type Shape, shape, unionOfFields } from './shape.ts';

const fields: z.ZodType<Record<string, Field>> = z.record(
  z.string(),
  z.object({ shape, required: z.literal(true).optional() }),
);
const bodies = z.object({ request: shape.optional(), response: shape.optional() });

export const shapes = z.object({
  /** Fields of the objects that have names. */
  components: z.record(z.string(), fields),
  /** By `GET /flows/{id}`. */
  operations: z.record(z.string(), bodies),
});
export type Shapes = z.output<typeof shapes>;

type Side = 'request' | 'response';
type Pair = { readonly side: Side; readonly where: string; readonly ours: Shape; readonly theirs: Shape };
type Comparison = {
  readonly ours: Shapes;
  readonly theirs: Shapes;
  /** Pairs that were compared: what many operations share is told once. */
  readonly done: Set<string>;
};

const openShape: Shape = { types: ['any'] };

/** One sentence a difference, at the first operation that has it. */
export function shapeDrift(ours: Shapes, theirs: Shapes): string[] {
  const comparison: Comparison = { ours, theirs, done: new Set() };
  const plain = new Map(Object.entries(ours.operations).map(([key, value]) => [key.replace(/\/$/, ''), value]));
  return Object.entries(theirs.operations).flatMap(([operation, model]) => {
    const own = plain.get(operation.replace(/\/$/, ''));
    if (own === undefined) return [`${operation}: is not served`];
    return (['request', 'response'] as const).flatMap((side) => {
      const pair = { side, where: `${operation}: ${side}`, ours: own[side], theirs: model[side] };
      if (pair.ours === undefined && pair.theirs === undefined) return [];
      // A schema that says nothing is no schema, and an empty answer is what it allows.
      return differences({ ...pair, ours: pair.ours ?? openShape, theirs: pair.theirs ?? openShape }, comparison);
    });
  });
}

function differences(pair: Pair, comparison: Comparison): string[] {
  const key = JSON.stringify([pair.side, pair.ours, pair.theirs]);
  if (comparison.done.has(key)) return [];
  comparison.done.add(key);
  const { side, where, ours, theirs } = pair;
  return [
    ...typeDifference(pair),
    ...valueDifference(pair),
    ...(ours.items === undefined || theirs.items === undefined
      ? []
      : differences({ side, where: `${where}[]`, ours: ours.items, theirs: theirs.items }, comparison)),
    ...fieldDifferences(pair, comparison),
  ];
}

const isOpen = ({ types }: Shape) => types.includes('any');
const said = ({ types }: Shape) => types.join(' or ');

function typeDifference({ side, where, ours, theirs }: Pair): string[] {
  if (isOpen(theirs) || (isOpen(ours) && side === 'request')) return [];
  const covers = (wide: Shape, type: string) =>
    wide.types.includes(type) || (type === 'integer' && wide.types.includes('number'));
  const tooMuch = ours.types.filter((type) => !covers(theirs, type));
  const tooLittle = side === 'request' ? theirs.types.filter((type) => !covers(ours, type)) : [];
  // FastAPI takes null wherever a field has the default null, which its documents leave out.
  const isNullAlone = side === 'request' && tooMuch.every((type) => type === 'null');
  if (tooLittle.length === 0 && (tooMuch.length === 0 || isNullAlone)) return [];
  return [`${where} is ${said(ours)}, Prefect’s ${said(theirs)}`];
}

function valueDifference({ side, where, ours, theirs }: Pair): string[] {
  if (ours.values === undefined && theirs.values === undefined) return [];
  const isWithin =
    theirs.values === undefined || (ours.values?.every((value) => theirs.values?.includes(value)) ?? false);
  const isSame = isWithin && theirs.values?.every((value) => ours.values?.includes(value));
  if (side === 'response' ? isWithin : isSame) return [];
  const list = (values: readonly string[] | undefined) => values?.join(', ') ?? 'anything';
  return [`${where} may be ${list(ours.values)}, Prefect’s ${list(theirs.values)}`];
}

function fieldDifferences({ side, where, ours, theirs }: Pair, comparison: Comparison): string[] {
  const [own, model] = [fieldsOf(ours, comparison.ours), fieldsOf(theirs, comparison.theirs)];
  if (model === undefined) return [];
  if (own === undefined) return [`${where} has any fields, Prefect’s ${Object.keys(model).join(', ')}`];
  return [...new Set([...Object.keys(own), ...Object.keys(model)])].flatMap((name) => {
    const at = `${where}.${name}`;
    const [given, wanted] = [own[name], model[name]];
    if (given === undefined) return [`${at} is missing`];
    // Clients pass over fields of answers that they do not know.
    if (wanted === undefined) return side === 'request' ? [`${at} is unknown to Prefect`] : [];
    const isRequiredAlike = given.required === wanted.required || (side === 'response' && wanted.required !== true);
    return [
      ...(isRequiredAlike
        ? []
        : [`${at} is ${given.required ? '' : 'not '}required, Prefect’s is the other way round`]),
      ...differences({ side, where: at, ours: given.shape, theirs: wanted.shape }, comparison),
    ];
  });
}

function fieldsOf(of: Shape, { components }: Shapes): Record<string, Field> | undefined {
  const named = (of.refs ?? []).map((name) => components[name] ?? {});
  const all = of.fields === undefined ? named : [...named, of.fields];
  return all.length === 0 ? undefined : unionOfFields(all);
}
