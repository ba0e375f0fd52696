// Variables: any JSON under a name.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { variableFilter } from './filters.ts';
import { fields, json, limit, offset, timeOrNull, uuid } from './scalars.ts';

const variable = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    value: json,
    tags: z.array(z.string()),
  })
  .meta({ id: 'Variable' });

const variableName = z
  .string()
  .max(255)
  .regex(/^[a-z0-9-_]*$/, 'Variable name must only contain lowercase letters, numbers, and dashes or underscores.');

const variableSort = z.enum(['CREATED_DESC', 'UPDATED_DESC', 'NAME_DESC', 'NAME_ASC']).meta({ id: 'VariableSort' });

const largestValueBytes = 5_000;

/** Prefect's own bound: a variable is no place for data. */
const value = json.refine(
  (sent) => sent === null || new TextEncoder().encode(JSON.stringify(sent)).length <= largestValueBytes,
  {
    message: `Variable value must be less than ${largestValueBytes} characters`,
  },
);

const variableUpdate = z
  .strictObject({
    name: variableName.nullish(),
    value: value.optional(),
    tags: z.array(z.string()).nullish(),
  })
  .meta({ id: 'VariableUpdate' });
export type VariableUpdate = z.output<typeof variableUpdate>;

const byId = z.object({ id: uuid });
const byName = z.object({ name: z.string() });

export const variableRoutes = defineRoutes({
  create_variable: {
    method: 'POST',
    path: '/variables/',
    summary: 'Create a variable',
    status: 201,
    body: z
      .strictObject({ name: variableName, value, tags: z.array(z.string()).default([]) })
      .meta({ id: 'VariableCreate' }),
    response: variable,
    errors: ['conflict'],
  },
  read_variable: {
    method: 'GET',
    path: '/variables/{id}',
    summary: 'Read a variable',
    status: 200,
    params: byId,
    response: variable,
    errors: ['not_found'],
  },
  read_variable_by_name: {
    method: 'GET',
    path: '/variables/name/{name}',
    summary: 'Read a variable by name',
    status: 200,
    params: byName,
    response: variable,
    errors: ['not_found'],
  },
  read_variables: {
    method: 'POST',
    path: '/variables/filter',
    summary: 'List variables',
    status: 200,
    body: fields({ variables: variableFilter.nullish(), sort: variableSort.default('NAME_ASC'), limit, offset }),
    response: z.array(variable),
    errors: ['invalid_request'],
  },
  count_variables: {
    method: 'POST',
    path: '/variables/count',
    summary: 'Count variables',
    status: 200,
    body: fields({ variables: variableFilter.nullish() }),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  update_variable: {
    method: 'PATCH',
    path: '/variables/{id}',
    summary: 'Change a variable',
    status: 204,
    params: byId,
    body: variableUpdate,
    errors: ['not_found', 'conflict'],
  },
  update_variable_by_name: {
    method: 'PATCH',
    path: '/variables/name/{name}',
    summary: 'Change a variable by name',
    status: 204,
    params: byName,
    body: variableUpdate,
    errors: ['not_found', 'conflict'],
  },
  delete_variable: {
    method: 'DELETE',
    path: '/variables/{id}',
    summary: 'Delete a variable',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
  delete_variable_by_name: {
    method: 'DELETE',
    path: '/variables/name/{name}',
    summary: 'Delete a variable by name',
    status: 204,
    params: byName,
    errors: ['not_found'],
  },
});
