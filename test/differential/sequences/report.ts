// What a person reads about disagreements.
import { inspect } from 'node:util';
import type { Disagreement } from './run.ts';
import type { Shrunk } from './shrink.ts';
import type { Step } from './step.ts';

type Found = { readonly seed: number; readonly found: readonly Disagreement[] };

type Progress = {
  readonly done: number;
  readonly of: number;
  readonly differing: number;
  /** As `performance.now()` counts. */
  readonly startedAt: number;
};

export function progress({ done, of, differing, startedAt }: Progress): string {
  const seconds = (performance.now() - startedAt) / 1000;
  const left = done < of ? `, about ${Math.ceil((seconds / done) * (of - done))} s to go` : '';
  return `${done} of ${of} sequences, ${differing} with differences, ${Math.ceil(seconds)} s${left}`;
}

/** One line for each place at which answers differ, the most frequent first. */
export function summarize(all: readonly Found[]): string {
  const groups = new Map<string, { count: number; firsts: number; seeds: Set<number>; example: Disagreement }>();
  for (const { seed, found } of all) {
    for (const one of found) {
      const values = one.at === '.status' ? ` ${String(one.theirs)} ≠ ${String(one.ours)}` : '';
      const heading = `${one.route} ${one.at}${values}`;
      const group = groups.get(heading) ?? { count: 0, firsts: 0, seeds: new Set(), example: one };
      group.count += 1;
      if (one.index === found[0]?.index) group.firsts += 1;
      group.seeds.add(seed);
      groups.set(heading, group);
    }
  }
  // What came first in its sequence is a cause; what came later may be its consequence.
  const byWeight = [...groups].sort(([, one], [, other]) => other.firsts - one.firsts || other.count - one.count);
  const lines = byWeight.map(([heading, { count, firsts, seeds, example }]) => {
    const place = `${count}× (${firsts} first) ${heading} (seeds ${[...seeds].slice(0, 4).join(', ')})`;
    return [
      place,
      `asked  ${line(example.step)}`,
      `theirs ${short(example.theirs)}`,
      `ours   ${short(example.ours)}`,
    ].join('\n     ');
  });
  return lines.length === 0 ? 'no differences' : lines.join('\n');
}

/** The steps that it takes, what each server said, and how to run it again. */
export function describeFailure(seed: number, { steps, found }: Shrunk): string {
  const [first] = found;
  return [
    `sequence ${seed}, cut down to ${steps.length} steps:`,
    ...steps.map((step) => `  ${line(step)}`),
    first === undefined
      ? '  (did not come again)'
      : `  differs at ${first.at}: theirs ${short(first.theirs)}, ours ${short(first.ours)}`,
    ...(first === undefined
      ? []
      : first.answers.map((answer, index) => `  ${index === 0 ? 'prefect' : 'slipway'}: ${short(answer)}`)),
    `again: npm run differential -- --sequences 1 --seed ${seed}`,
  ].join('\n');
}

function line({ method, path, body, text }: Step): string {
  return `${method} ${path} ${text ?? (body === undefined ? '' : JSON.stringify(body))}`;
}

function short(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 300 }).slice(0, 700);
}
