// Variables, by name and by id.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { VariableUpdate, variableRoutes } from '../../../shared/contract/variables.ts';
import type { Variable } from '../../../shared/domain/catalogue.ts';
import { matchesVariable, type VariableFilter } from '../../../shared/domain/filter/catalogue-filters.ts';
import { inNamedOrder } from '../../../shared/domain/filter/order.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound, Refusal } from '../refusal.ts';
import { variableToWire } from '../wire/catalogue.ts';
import { cut, windowOf } from './paging.ts';

const missing = 'Variable not found.';
const integrity =
  'Data integrity conflict. This usually means a unique or foreign key constraint was violated. See server logs for details.';

async function readById({ catalogue }: ApiDeps, id: string): Promise<Variable> {
  return found(
    (await catalogue.variables.list()).find((variable) => variable.id === id),
    missing,
  );
}

async function readByName({ catalogue }: ApiDeps, name: string): Promise<Variable> {
  return found(await catalogue.variables.readByName(name), missing);
}

/** A variable is known by its name, so a new name is a new item that takes the old one's id with it. */
async function update(deps: ApiDeps, before: Variable, sent: VariableUpdate): Promise<void> {
  const { catalogue, world } = deps;
  // Prefect's table has no room for either.
  if (sent.name === null || sent.tags === null) throw new Refusal('conflict', integrity);
  const after: Variable = {
    ...before,
    updated: world.now(),
    name: sent.name ?? before.name,
    value: sent.value === undefined ? before.value : sent.value,
    tags: sent.tags ?? before.tags,
  };
  if (after.name === before.name) {
    await catalogue.variables.put(after);
  } else {
    const { kind } = await catalogue.variables.create(after);
    if (kind === 'exists') throw taken(after.name);
    await catalogue.variables.remove(before.name);
  }
}

function taken(name: string): Refusal {
  return new Refusal('conflict', `A variable with the name '${name}' already exists.`);
}

async function remove(deps: ApiDeps, variable: Variable): Promise<void> {
  if (!(await deps.catalogue.variables.remove(variable.name))) throw notFound(missing);
}

async function matching({ catalogue }: ApiDeps, filter: VariableFilter | null | undefined) {
  const variables = await catalogue.variables.list();
  return variables.filter((variable) => !filter || matchesVariable(filter, variable));
}

export const variableHandlers = {
  async create_variable({ body }, deps) {
    const { catalogue, world } = deps;
    const now = world.now();
    const { kind, item } = await catalogue.variables.create({
      id: world.newId(),
      created: now,
      updated: now,
      name: body.name,
      value: body.value,
      tags: body.tags,
    });
    if (kind === 'exists') throw taken(body.name);
    return variableToWire(item);
  },

  read_variable: async ({ params }, deps) => variableToWire(await readById(deps, params.id)),
  read_variable_by_name: async ({ params }, deps) => variableToWire(await readByName(deps, params.name)),

  async read_variables({ body }, deps) {
    const window = windowOf(body);
    return cut(inNamedOrder(await matching(deps, body.variables), body.sort), window).map(variableToWire);
  },

  count_variables: async ({ body }, deps) => (await matching(deps, body.variables)).length,
  update_variable: async ({ params, body }, deps) => update(deps, await readById(deps, params.id), body),
  update_variable_by_name: async ({ params, body }, deps) => update(deps, await readByName(deps, params.name), body),
  delete_variable: async ({ params }, deps) => remove(deps, await readById(deps, params.id)),
  delete_variable_by_name: async ({ params }, deps) => remove(deps, await readByName(deps, params.name)),
} satisfies Handlers<typeof variableRoutes, ApiDeps>;
