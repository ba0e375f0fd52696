// Checks that Prefect's page asks for while somebody types: templates, and values for a schema.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { jsonObject } from './scalars.ts';

const template = z.preprocess((sent) => sent ?? '', z.string());

/** A sentence, or what is wrong below a property or an index. */
type ValueError = string | { property: string; errors: ValueError[] } | { index: number; errors: ValueError[] };
const valueErrors: z.ZodType<ValueError[]> = z.lazy(() =>
  z.array(
    z.union([
      z.string(),
      z.object({ property: z.string(), errors: valueErrors }).meta({ id: 'SchemaValuePropertyError' }),
      z.object({ index: z.number().int(), errors: valueErrors }).meta({ id: 'SchemaValueIndexError' }),
    ]),
  ),
);

export const templateRoutes = defineRoutes({
  validate_template: {
    method: 'POST',
    path: '/templates/validate',
    summary: 'Whether a Jinja template can be read',
    status: 204,
    body: template,
    errors: ['invalid_request'],
  },
});

/** The same under its old path. */
export const automationTemplateRoutes = defineRoutes({
  validate_template: {
    method: 'POST',
    path: '/automations/templates/validate',
    summary: 'Whether a Jinja template can be read',
    status: 204,
    body: template,
    errors: ['invalid_request'],
  },
});

export const schemaCheckRoutes = defineRoutes({
  validate_obj: {
    method: 'POST',
    path: '/ui/schemas/validate',
    summary: 'Which of the values do not fit a JSON schema',
    status: 200,
    body: z.object({ schema: jsonObject, values: jsonObject }),
    response: z.object({ errors: valueErrors, valid: z.boolean() }).meta({ id: 'SchemaValuesValidationResponse' }),
    errors: ['invalid_request'],
  },
});
