// Fills in what values of parameters and inputs refer to (`__prefect_kind`): templates, JSON in text, variables.
// Most values refer to nothing; then nothing is read.
import { type Filled, hydrate } from '../domain/automation/hydrate.ts';
import { renderTemplate } from '../domain/jinja/render.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { Catalogue } from '../ports/catalogue.ts';

export type HydratedValues =
  | { readonly kind: 'filled'; readonly values: JsonObject }
  | { readonly kind: 'problem'; readonly problem: string };

export async function hydrateValues(
  { catalogue }: { readonly catalogue: Pick<Catalogue, 'variables'> },
  values: JsonObject,
): Promise<HydratedValues> {
  const text = JSON.stringify(values);
  if (!text.includes('__prefect_kind')) return { kind: 'filled', values };
  const list = text.includes('workspace_variable') ? await catalogue.variables.list() : [];
  const variables = new Map(list.map(({ name, value }) => [name, value]));
  const { value, problems } = hydrate(values, {
    template: rendered,
    variable: (name) => variableOf(variables, name),
  });
  const [problem] = problems.values();
  return problem === undefined ? { kind: 'filled', values: value } : { kind: 'problem', problem };
}

function rendered(template: string): Filled {
  try {
    return { kind: 'value', value: renderTemplate(template, { context: {} }) };
  } catch (error) {
    return { kind: 'problem', problem: `Invalid jinja: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function variableOf(variables: ReadonlyMap<string, Json>, name: string): Filled {
  const value = variables.get(name);
  if (value !== undefined) return { kind: 'value', value };
  return { kind: 'problem', problem: `Variable '${name}' not found in workspace.` };
}
