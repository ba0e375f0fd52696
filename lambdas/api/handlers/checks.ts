// Templates and values that somebody is still typing. Nothing is rendered and nothing is stored.
import type { automationTemplateRoutes, schemaCheckRoutes, templateRoutes } from '../../../shared/contract/checks.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import { type Filled, hydrate } from '../../../shared/domain/automation/hydrate.ts';
import { templateProblem } from '../../../shared/domain/jinja/parse-template.ts';
import type { Json, JsonObject } from '../../../shared/domain/json.ts';
import { preparedSchema } from '../../../shared/domain/json-schema/prepare.ts';
import { problemTree } from '../../../shared/domain/json-schema/problem.ts';
import { schemaMistake } from '../../../shared/domain/json-schema/usable.ts';
import { problemsOf, SchemaError } from '../../../shared/domain/json-schema/validate.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';

async function validateTemplate({ body }: { readonly body: string }): Promise<void> {
  const problem = templateProblem(body);
  if (problem === undefined) return;
  const { line, message } = problem;
  throw new Refusal('invalid_request', message, { body: { error: { line, message, source: body } } });
}

export const templateHandlers = {
  validate_template: validateTemplate,
} satisfies Handlers<typeof templateRoutes, ApiDeps>;

export const automationTemplateHandlers = {
  validate_template: validateTemplate,
} satisfies Handlers<typeof automationTemplateRoutes, ApiDeps>;

/** Stands for what a template will give once it is rendered. It is told by its identity, never by what it holds. */
const open: JsonObject = {};

function fillTemplate(template: string): Filled {
  const problem = templateProblem(template);
  if (problem === undefined) return { kind: 'value', value: open };
  return { kind: 'problem', problem: `Invalid jinja: ${problem.message}` };
}

function fillVariable(variables: ReadonlyMap<string, Json>, name: string): Filled {
  const value = variables.get(name);
  if (value !== undefined) return { kind: 'value', value };
  return { kind: 'problem', problem: `Variable '${name}' not found in workspace.` };
}

function invalidSchema(reason: string): Refusal {
  return new Refusal('invalid_request', `Invalid schema: ${reason}`);
}

export const schemaCheckHandlers = {
  async validate_obj({ body }, { catalogue }) {
    const schema = preparedSchema(body.schema);
    const mistake = schemaMistake(schema);
    if (mistake !== undefined) throw invalidSchema(mistake);
    const variables = new Map((await catalogue.variables.list()).map(({ name, value }) => [name, value]));
    const { value, problems } = hydrate(body.values, {
      template: fillTemplate,
      variable: (name) => fillVariable(variables, name),
    });
    try {
      const errors = problemTree(problemsOf(schema, value, { problems, isOpen: (entry) => entry === open }));
      return { errors, valid: errors.length === 0 };
    } catch (error) {
      if (error instanceof SchemaError) throw invalidSchema(error.message);
      throw error;
    }
  },
} satisfies Handlers<typeof schemaCheckRoutes, ApiDeps>;
