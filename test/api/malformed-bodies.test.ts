// Every route that takes a body, asked with one of the wrong kind; the routes come from the table.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { segmentsOf } from '../../lambdas/api/router.ts';
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

it.each(routes)('is answered 422, with what is wrong, by $operation', async ({ name, route }) => {
  const parts = segmentsOf(route.path).map(({ kind, text }) => (kind === 'literal' ? text : nobody));
  const body = name === takesText ? { text: 1 } : 'text';

  const answer = await api.call(route.method, `${basePath}/${parts.join('/')}`, { body });

  expect(answer.status, JSON.stringify(answer.body)).toBe(422);
  expect(answer.body).toMatchObject({
    exception_message: 'Invalid request received.',
    exception_detail: [{ loc: ['body'], msg: expect.stringMatching(/\w/), type: expect.stringMatching(/\w/) }],
  });
});
