// The kinds of property that a base job template's variables schema is made of.
// Their JSON is what pydantic writes for the same type, so that Prefect's clients and forms treat them alike.
import type { Json, JsonObject } from '../json.ts';

export type Wording = { readonly title: string; readonly description: string };

/** A value of this JSON type or null, null unless given. */
export function optional(type: 'string' | 'integer' | 'boolean', wording: Wording): JsonObject {
  return { anyOf: [{ type }, { type: 'null' }], default: null, ...wording };
}

export function flag(standard: boolean, wording: Wording): JsonObject {
  return { type: 'boolean', default: standard, ...wording };
}

/** An object whose values are described by `values` (true: anything). */
export function mapping(values: Json, wording: Wording): JsonObject {
  return { type: 'object', additionalProperties: values, ...wording };
}

export const textOrNull: JsonObject = { anyOf: [{ type: 'string' }, { type: 'null' }] };

/** The variables that every type of worker has. */
export const commonVariables: JsonObject = {
  name: optional('string', { title: 'Name', description: 'What to call the infrastructure of a run.' }),
  env: mapping(textOrNull, {
    title: 'Environment Variables',
    description: 'Environment of the process that executes the run; null removes a variable.',
  }),
  labels: mapping({ type: 'string' }, { title: 'Labels', description: 'Labels put on the infrastructure of a run.' }),
  command: optional('string', {
    title: 'Command',
    description: 'What to execute. Leave it empty to let the flow engine run the flow.',
  }),
};

/** Keys of a job configuration that are filled by the variable of the same name. */
export function sameNameFor(names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, `{{ ${name} }}`]));
}
