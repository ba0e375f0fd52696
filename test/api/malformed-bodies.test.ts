// Every route that takes a body, asked with one of the wrong kind; the routes come from the table.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { segmentsOf } from '../../lambdas/api/router.ts';
import { operations } from '../../scripts/openapi/document.ts';
import { allRoutes } from '../../shared/contract/all-routes.ts';
import { basePath, type Route } from '../../shared/contract/define-routes.ts';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** Their bodies are texts themselves. */
const takesText = 'validate_template';

const routes = Object.values(allRoutes).flatMap((table) =>
  Object.entries<Route>(table)
    .filter(([, { body }]) => body !== undefined)
    .map(([name, route]) => ({ name, route, operation: `${route.method} ${route.path}` })),
);

function call({ method, path }: Route, body: unknown) {
  const parts = segmentsOf(path).map(({ kind, text }) => (kind === 'literal' ? text : nobody));
  return api.call(method, `${basePath}/${parts.join('/')}`, { body });
}

it.each(routes)('is answered 422, with what is wrong, by $operation', async ({ name, route }) => {
  const body = name === takesText ? { text: 1 } : 'text';

  const answer = await call(route, body);

  expect(answer.status, JSON.stringify(answer.body)).toBe(422);
  expect(answer.body).toMatchObject({
    exception_message: 'Invalid request received.',
    exception_detail: [{ loc: ['body'], msg: expect.stringMatching(/\w/), type: expect.stringMatching(/\w/) }],
  });
});

const misfits = [[[]], { '?': { '?': [] } }, 'text\u0000', -0.5, true];

const fieldNames = new Map(operations().map(({ name, request }) => [name, request ?? []]));

/** Each field of a body with a value that does not fit; those that take anything have none. */
function misfitsOf(name: string, { body }: Route): { field: string; value: unknown }[] {
  return (fieldNames.get(name) ?? []).flatMap((field) => {
    const isRefused = (value: unknown) => {
      const issues = body?.safeParse({ [field]: value }).error?.issues ?? [];
      return issues.some(({ path }) => path[0] === field);
    };
    const value = misfits.find(isRefused);
    return value === undefined ? [] : [{ field, value }];
  });
}

const withFields = routes
  .map((one) => ({ ...one, wrong: misfitsOf(one.name, one.route) }))
  .filter(({ wrong }) => wrong.length > 0);

it.each(withFields)(
  'with a field of the wrong kind is answered 422, and names the field, by $operation',
  async ({ route, wrong }) => {
    for (const { field, value } of wrong) {
      const answer = await call(route, { [field]: value });

      expect(answer.status, `${field}: ${JSON.stringify(answer.body)}`).toBe(422);
      expect(answer.body.exception_detail, field).toContainEqual(
        expect.objectContaining({ loc: expect.arrayContaining(['body', field]), msg: expect.stringMatching(/\w/) }),
      );
    }
  },
);

it('asks nearly every route that takes an object for its fields', () => {
  expect(withFields.length).toBeGreaterThan(routes.length * 0.7);
});
