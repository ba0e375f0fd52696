// Zod's issues as Prefect's clients know them: pydantic's type names, messages and places.
import type { z } from 'zod';
import type { RequestProblem } from './refusal.ts';

type Issue = z.core.$ZodIssue;
type Where = { readonly part: 'query' | 'body'; readonly value: unknown };

/** More than these tell the caller nothing new. */
const mostProblems = 50;

export function requestProblems(issues: readonly Issue[], where: Where): RequestProblem[] {
  return issues.flatMap((issue) => problemsOf(issue, where)).slice(0, mostProblems);
}

function problemsOf(issue: Issue, where: Where): RequestProblem[] {
  const loc = [where.part, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (isMissing(issue, where.value)) return [{ type: 'missing', loc, msg: 'Field required' }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        type: 'extra_forbidden',
        loc: [...loc, key],
        msg: 'Extra inputs are not permitted',
      }));
    case 'invalid_union':
      return issue.errors.flatMap((branch) =>
        branch.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, where)),
      );
    case 'invalid_type':
      return [
        { type: `${pydanticName(issue.expected)}_type`, loc, msg: `Input should be a valid ${plainName(issue)}` },
      ];
    case 'invalid_value':
      return [{ type: 'enum', loc, msg: `Input should be ${listed(issue.values)}` }];
    default:
      return [{ type: otherName(issue), loc, msg: issue.message }];
  }
}

function otherName(issue: Issue): string {
  switch (issue.code) {
    case 'custom':
      return 'value_error';
    case 'invalid_format':
      return 'string_pattern_mismatch';
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int' ? 'greater_than_equal' : 'too_short';
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int' ? 'less_than_equal' : 'too_long';
    default:
      return issue.code;
  }
}

function isMissing(issue: Issue, value: unknown): boolean {
  let at: unknown = value;
  for (const part of issue.path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return true;
    at = Reflect.get(at, part);
  }
  return at === undefined;
}

const names: ReadonlyMap<string, readonly [type: string, plain: string]> = new Map([
  ['boolean', ['bool', 'boolean']],
  ['int', ['int', 'integer']],
  ['number', ['float', 'number']],
  ['array', ['list', 'list']],
  ['object', ['dict', 'dictionary']],
  ['record', ['dict', 'dictionary']],
]);

function pydanticName(expected: string): string {
  return names.get(expected)?.[0] ?? expected;
}

function plainName({ expected }: { expected: string }): string {
  return names.get(expected)?.[1] ?? expected;
}

function listed(values: readonly unknown[]): string {
  const texts = values.map((value) => `'${String(value)}'`);
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`;
}
