// Schemathesis asks every operation of our OpenAPI document, over HTTP, of an api whose store has something of each kind.
// Rule: nothing is answered with a 5xx or outside its schema; the handler checks its own answers by the contract, too.

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApi } from '../../lambdas/api/front.ts';
import { createRouter } from '../../lambdas/api/router.ts';
import { type Gateway, startGateway } from '../../local/gateway.ts';
import { allRoutes } from '../../shared/contract/all-routes.ts';
import type { Route } from '../../shared/contract/define-routes.ts';
import { type ApiUnderTest, context, startApi } from '../api/api-under-test.ts';
import { storeEverything } from '../api/everything.ts';
import { pythonEnv } from '../support/python-env.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { fuzzDocument, type Known } from './fuzz-document.ts';

/** How often each operation was asked, and how often it did what was asked. */
const tally = new Map<string, { asked: number; done: number }>();
const find = createRouter(allRoutes);

function note({ requestContext: { http } }: APIGatewayProxyEventV2, status: number): void {
  const found = find(http.method, http.path);
  if (found === undefined) return;
  const operation = `${found.resource}.${found.name}`;
  const { asked, done } = tally.get(operation) ?? { asked: 0, done: 0 };
  tally.set(operation, { asked: asked + 1, done: done + (status < 300 ? 1 : 0) });
}

let api: ApiUnderTest;
let gateway: Gateway;
let dir: TempDir;
let bin: string;

beforeAll(async () => {
  [api, dir, { bin }, gateway] = await Promise.all([
    startApi(),
    tempDir(),
    pythonEnv('schemathesis'),
    startGateway({ port: 0, report: () => {} }),
  ]);
  await storeEverything(api);
  const handler = createApi(api.deps, { checksResponses: true });
  gateway.serve(async (event) => {
    const asked = event as APIGatewayProxyEventV2;
    const answer = await handler(asked, context(25_000));
    note(asked, answer.statusCode);
    return answer;
  });
  await writeFile(path.join(dir.path, 'openapi.json'), JSON.stringify(fuzzDocument(await knownThings())));
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([api.close(), dir.remove()]);
});

const collections = [
  'artifacts',
  'automations',
  'block_documents',
  'block_schemas',
  'block_types',
  'concurrency_limits',
  'deployments',
  'flow_runs',
  'flows',
  'saved_searches',
  'task_runs',
  'variables',
  'work_queues',
] as const;

async function knownThings(): Promise<Known> {
  const ids = new Map<string, string[]>();
  for (const collection of collections) {
    const { body } = await api.call('POST', `/api/${collection}/filter`, { body: {} });
    const found = body.map(({ id }: { id: string }) => id);
    expect(found, collection).not.toEqual([]);
    ids.set(collection, found.slice(0, 4));
  }
  const of = (collection: (typeof collections)[number]) => ids.get(collection) ?? [];
  return {
    ...Object.fromEntries(ids),
    flow_id: of('flows'),
    deployment_id: of('deployments'),
    flow_run_id: of('flow_runs'),
    task_run_id: of('task_runs'),
    block_type_id: of('block_types'),
    block_schema_id: of('block_schemas'),
    work_queue_id: of('work_queues'),
    work_pool_name: ['push', 'process'],
    name: ['push', 'process', 'flow', 'colour', 'default', 'side'],
    id_or_name: ['limit'],
    tag: ['tag'],
    slug: ['vault', 'secret'],
    block_document_name: ['safe'],
    key: ['report', 'key'],
    view: ['aggregate-worker-metadata'],
    flow_name: ['flow'],
    deployment_name: ['d', 'polled'],
  };
}

const operations = Object.entries(allRoutes).flatMap(([resource, table]) =>
  Object.entries<Route>(table).map(([name, { method, path: at, body, params, query }]) => ({
    id: `${resource}.${name}`,
    takesNothing: (body ?? params ?? query) === undefined,
    removes: method === 'DELETE' || at.endsWith('/bulk_delete'),
  })),
);
type Operation = (typeof operations)[number];

/** What the fuzzer says, with the curl of each failure; `failed` when it found any. */
type Verdict = { readonly failed: boolean; readonly said: string };
type Fuzzing = { readonly mode: 'positive' | 'negative'; readonly seed: number };

function fuzz({ mode, seed }: Fuzzing, asked: readonly Operation[]): Promise<Verdict> {
  const program = path.join(bin, 'schemathesis');
  const checks = 'not_a_server_error,response_schema_conformance,content_type_conformance';
  const options = ['--url', `http://127.0.0.1:${gateway.port}/api`, '--checks', checks, '--phases', 'fuzzing'];
  const limits = ['--max-examples', '50', '--workers', '1', '--no-shrink', '--continue-on-failure'];
  const health = ['--suppress-health-check', 'all', '--warnings', 'off', '--generation-database', 'none'];
  const chosen = asked.flatMap(({ id }) => ['--include-operation-id', id]);
  const variables = { PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`, PYTHONUTF8: '1', NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(
      program,
      ['run', 'openapi.json', '--mode', mode, '--seed', String(seed), ...options, ...limits, ...health, ...chosen],
      { cwd: dir.path, env: variables, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ failed: error !== null, said: `${stdout}\n${stderr}` }),
    );
  });
}

/** The fuzzer computes more than the api does, and its threads take turns: two of it keep both cores busy. */
function halves(asked: readonly Operation[]): (readonly Operation[])[] {
  const half = (rest: number) => asked.filter((_, at) => at % 2 === rest);
  return [half(0), half(1)].filter(({ length }) => length > 0);
}

async function expectNothingFound(fuzzing: Fuzzing, asked: readonly Operation[]): Promise<void> {
  const verdicts = await Promise.all(halves(asked).map((half) => fuzz(fuzzing, half)));
  const errors = api.logged.filter(({ level }) => level === 'ERROR').map(({ fields }) => JSON.stringify(fields));

  for (const { failed, said } of verdicts) {
    expect(failed, `${said.slice(-20_000)}\nthe api logged:\n${errors.join('\n')}`).toBe(false);
    expect(said).toContain('No issues found');
  }
}

const seed = 4200;

it('answers what its document allows within its schema, and never with a 5xx', async () => {
  const harmless = operations.filter(({ removes }) => !removes);

  await expectNothingFound({ mode: 'positive', seed }, harmless);
});

it('answers what its document does not allow within its schema, and never with a 5xx', async () => {
  await expectNothingFound({ mode: 'negative', seed }, operations);
});

it('answers requests that remove things within its schema, and never with a 5xx', async () => {
  const removing = operations.filter(({ removes }) => removes);

  await expectNothingFound({ mode: 'positive', seed }, removing);
});

/** Operations that can be asked in more than one way, and were asked less than fifty times. */
function askedSeldom(): Operation[] {
  return operations.filter(({ id, takesNothing }) => !takesNothing && (tally.get(id)?.asked ?? 0) < 50);
}

it('asks each operation that takes anything at least 50 times, and four of five do what was asked', async () => {
  // Bodies that are hard to make run out before their fifty: more come from other seeds.
  for (let other = 1; other <= 5 && askedSeldom().length > 0; other += 1) {
    await expectNothingFound({ mode: 'positive', seed: other }, askedSeldom());
  }
  const never = operations.map(({ id }) => id).filter((id) => (tally.get(id)?.done ?? 0) === 0);

  expect(askedSeldom()).toEqual([]);
  expect(never.length, `never done: ${never.join(', ')}`).toBeLessThan(operations.length / 5);
});
