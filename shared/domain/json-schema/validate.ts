// Which values do not fit a JSON schema (draft 2020-12), in the words of the validator that Prefect's server uses, so
// that its page shows the same. A place whose value is not known yet has no problem, whatever the schema says.
import type { Json, JsonObject } from '../json.ts';
import { isJsonObject } from '../template/json-value.ts';
import { pythonRepr } from '../template/python-text.ts';
import { keywords } from './keywords.ts';
import type { Problem, Step } from './problem.ts';
import type { Known, Visit } from './visit.ts';

/** The schema cannot be applied: it leads nowhere, or round in a circle. */
export class SchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaError';
  }
}

const everythingIsKnown: Known = { problems: new Map(), isOpen: () => false };
const mostReferences = 100;

/** @throws SchemaError */
export function problemsOf(schema: JsonObject, values: Json, known: Known = everythingIsKnown): readonly Problem[] {
  return visit(schema, values, { root: schema, known, path: [], references: 0 });
}

function visit(schema: Json, value: Json, at: Visit): readonly Problem[] {
  if (schema === false) return problem(at, value, `False schema does not allow ${pythonRepr(value)}`);
  if (!isJsonObject(schema)) return [];
  const unfilled = at.known.problems.get(pathText(at.path));
  if (unfilled !== undefined) return [{ path: at.path, message: unfilled }];
  return Object.entries(schema).flatMap(([keyword, wanted]) => {
    if (keyword === '$ref') return followed(wanted, value, at);
    return keywords.get(keyword)?.({ schema, wanted, value, at, visit }) ?? [];
  });
}

function problem(at: Visit, value: Json, message: string): readonly Problem[] {
  return at.known.isOpen(value) ? [] : [{ path: at.path, message }];
}

function followed(reference: Json, value: Json, at: Visit): readonly Problem[] {
  if (typeof reference !== 'string') return [];
  if (at.references >= mostReferences) {
    throw new SchemaError('Unable to validate schema with circular references.');
  }
  return visit(resolved(reference, at.root), value, { ...at, references: at.references + 1 });
}

function resolved(reference: string, root: JsonObject): Json {
  if (!reference.startsWith('#'))
    throw new SchemaError(`Validation failed. Failure reason: Unresolvable: ${reference}`);
  const steps = decodeURIComponent(reference.slice(1)).split('/').slice(1);
  let found: Json = root;
  for (const step of steps) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    const next: Json | undefined = Array.isArray(found)
      ? found[Number(key)]
      : isJsonObject(found)
        ? own(found, key)
        : undefined;
    if (next === undefined) {
      const pointer = reference.slice(1);
      throw new SchemaError(`Validation failed. Failure reason: PointerToNowhere: '${pointer}' does not exist`);
    }
    found = next;
  }
  return found;
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** `a.b[0]` */
function pathText(path: readonly Step[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
