import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handlerOf } from '../../lambdas/api/handlers/all-handlers.ts';
import { createRouter, segmentsOf } from '../../lambdas/api/router.ts';
import { allRoutes } from '../../shared/contract/all-routes.ts';
import { basePath, defineRoutes, type Route } from '../../shared/contract/define-routes.ts';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

const table = Object.entries(allRoutes).flatMap(([resource, routes]) =>
  Object.entries<Route>(routes).map(([name, route]) => ({ resource, name, route })),
);
const find = createRouter(allRoutes);

/** A path of the route: ids where ids belong, names with a space where names do. */
function pathOf({ path, params }: Route): string {
  const parts = segmentsOf(path).map(({ kind, text }) => {
    if (kind === 'literal') return text;
    return params?.shape[text]?.safeParse('a b').success === true ? 'a b' : nobody;
  });
  return `${basePath}/${parts.join('/')}`;
}

describe('the route table', () => {
  it('declares every method and path once', () => {
    const paths = table.map(({ route }) => `${route.method} ${route.path.replaceAll(/\{[^}]*\}/g, '{}')}`);

    const repeated = paths.filter((path, at) => paths.indexOf(path) !== at);

    expect(table.length).toBeGreaterThan(80);
    expect(repeated).toEqual([]);
  });

  it('declares exactly the parameters that its paths have', () => {
    const differing = table.filter(({ route }) => {
      const inPath = segmentsOf(route.path).flatMap(({ kind, text }) => (kind === 'literal' ? [] : [text]));
      return JSON.stringify(inPath.sort()) !== JSON.stringify(Object.keys(route.params?.shape ?? {}).sort());
    });

    expect(differing).toEqual([]);
  });

  it('gives a body to no GET and a new status only beside 200', () => {
    const odd = table.filter(
      ({ route }) => (route.method === 'GET' && route.body) || (route.newStatus && route.status !== 200),
    );

    expect(odd).toEqual([]);
  });

  it.each(table)(
    'finds $resource.$name at its own path, with and without a slash at the end',
    ({ resource, name, route }) => {
      const path = pathOf(route).replace(/\/$/, '');

      const bare = find(route.method, path);
      const slashed = find(route.method, `${path}/`);

      expect(bare).toMatchObject({ resource, name });
      expect(slashed).toMatchObject({ resource, name });
      expect(slashed?.params).toEqual(bare?.params);
    },
  );

  it.each(table)('has a handler for $resource.$name', ({ resource, name }) => {
    expect(handlerOf({ resource, name })).toBeTypeOf('function');
  });
});

describe('the router', () => {
  const routes = createRouter({
    things: defineRoutes({
      read_thing: { method: 'GET', path: '/things/{name}', summary: '', status: 200, errors: [] },
      count_things: { method: 'GET', path: '/things/count', summary: '', status: 200, errors: [] },
      read_rest: { method: 'GET', path: '/rest/{first}/{rest+}', summary: '', status: 200, errors: [] },
    }),
  });

  it('prefers a literal segment to a parameter that is declared before it', () => {
    expect(routes('GET', '/api/things/count')?.name).toBe('count_things');
    expect(routes('GET', '/api/things/counts')?.name).toBe('read_thing');
  });

  it('decodes nothing: what looks encoded is the name itself', () => {
    expect(find('GET', '/api/work_pools/a%2Fb')?.params).toEqual({ name: 'a%2Fb' });
    expect(find('GET', '/api/work_pools/50% off')?.params).toEqual({ name: '50% off' });
  });

  it('lets a name at the end of a path have slashes where the contract says so', () => {
    expect(find('GET', '/api/deployments/name/my flow/a/b')?.params).toEqual({
      flow_name: 'my flow',
      deployment_name: 'a/b',
    });
    expect(find('GET', '/api/work_pools/a/b')).toBeUndefined();
  });

  it.each([
    ['GET', '/api'],
    ['GET', '/api/'],
    ['GET', '/flows/name/x'],
    ['GET', '/apiflows/name/x'],
    ['GET', '/api//flows/name/x'],
    ['GET', '/api/flows/name/'],
    ['GET', '/api/flows/name//'],
    ['GET', '/api/flows/not-an-id'],
    ['PUT', '/api/flows/'],
    ['GET', '/api/flow_runs/../health'],
  ])('knows no %s %s', (method, path) => {
    expect(find(method, path)).toBeUndefined();
  });
});

describe('paths over the wire', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  it('answers an unknown route as Prefect does', async () => {
    const answer = await api.call('GET', '/api/no/such/route');

    expect(answer).toMatchObject({ status: 404, body: { detail: 'Not Found' } });
  });

  it('serves both slash forms of a create route', async () => {
    const slashed = await api.call('POST', '/api/flows/', { body: { name: 'slash' } });
    const bare = await api.call('POST', '/api/flows', { body: { name: 'slash' } });

    expect([slashed.status, bare.status]).toEqual([201, 200]);
  });

  it('finds a deployment whose name has a slash and a percent sign', async () => {
    const flow = (await api.call('POST', '/api/flows/', { body: { name: 'f' } })).body;
    await api.call('POST', '/api/deployments/', { body: { name: 'a/b 100%', flow_id: flow.id } });

    const answer = await api.call('GET', '/api/deployments/name/f/a/b 100%');

    expect(answer).toMatchObject({ status: 200, body: { name: 'a/b 100%' } });
  });
});
