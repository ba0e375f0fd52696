// What does not fit a schema, where, and how it is told.
import type { Json } from '../json.ts';

export type Step = string | number;
export type Problem = { readonly path: readonly Step[]; readonly message: string };

/** A sentence, or what is wrong below a property or an index. */
export type ProblemTree =
  | string
  | { property: string; errors: ProblemTree[] }
  | { index: number; errors: ProblemTree[] };

/** As Prefect's page wants it: each problem below the properties and indexes that lead to it. */
export function problemTree(problems: readonly Problem[]): ProblemTree[] {
  const root: ProblemTree[] = [];
  for (const { path, message } of problems) {
    const last = path.at(-1);
    if (last === undefined) {
      root.push(message);
      continue;
    }
    const place = path.slice(0, -1).reduce(below, root);
    place.push(branch(last, [message]));
  }
  return root;
}

function below(errors: ProblemTree[], step: Step): ProblemTree[] {
  for (const entry of errors) {
    if (typeof entry === 'string') continue;
    if ('index' in entry ? entry.index === step : entry.property === step) return entry.errors;
  }
  const fresh: ProblemTree[] = [];
  errors.push(branch(step, fresh));
  return fresh;
}

function branch(step: Step, errors: ProblemTree[]): ProblemTree {
  return typeof step === 'number' ? { index: step, errors } : { property: step, errors };
}

/** Two values that JSON Schema calls the same: 1 is 1.0, objects in any order. */
export function isEqual(one: Json, other: Json): boolean {
  return canonical(one) === canonical(other);
}

export function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).toSorted(([one], [two]) => (one < two ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join()}}`;
}
