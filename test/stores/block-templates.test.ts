// Jobs whose templates and variables speak of blocks, rendered as `submit` does it, on the real stores.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { world } from '../../shared/adapters/world.ts';
import { blockDocumentIdOf, blockTypeIdOf } from '../../shared/domain/block/block.ts';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import { followPath } from '../../shared/domain/template/placeholder.ts';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import type { Catalogue } from '../../shared/ports/catalogue.ts';
import { renderJob } from '../../shared/use-cases/render-job.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { aRun as someRun } from '../support/run-builders.ts';
import { type TestSecretBox, testSecretBox } from '../support/secret-key.ts';
import { defaults } from '../support/task-input.ts';

let database: TestDatabase;
let client: DocumentClient;
let secretKey: TestSecretBox;
let catalogue: Catalogue;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  secretKey = await testSecretBox();
  catalogue = createCatalogue({ client, table: database.controlTable, ...world, secretBox: secretKey.box });
});
afterAll(async () => {
  client.destroy();
  await database.close();
  await secretKey.remove();
});

async function keep(type: string, name: string, data: JsonObject, references: Record<string, string> = {}) {
  const blockTypeId = blockTypeIdOf(world.sha256, type);
  const id = blockDocumentIdOf(world.sha256, blockTypeId, name);
  const kept = { id, created: 1, updated: 1, version: 1, name, isAnonymous: false, references };
  const document = { ...kept, blockTypeId, blockTypeName: type, blockSchemaId: randomUUID() };
  await catalogue.blockDocuments.create({ document, data });
  return id;
}

/** The environment of the container that a run with these job variables gets, or why it gets none. */
async function environmentOf(env: JsonObject): Promise<ReadonlyMap<string, Json> | string> {
  const flow = { id: 'f', created: 1, updated: 1, name: 'flow', tags: [], labels: {} };
  const pool = {
    id: 'p',
    created: 1,
    updated: 1,
    version: 1,
    name: 'push',
    type: 'ecs:push',
    baseJobTemplate: ecsPushTemplate,
    isPaused: false,
    storageConfiguration: {},
    defaultQueueId: 'q',
  };
  const body = { parameters: {}, jobVariables: { env }, context: {}, labels: {} };
  const { deploymentId: _none, ...run } = someRun({ flowId: 'f', workPoolName: 'push' });
  const deps = {
    world,
    catalogue,
    runs: { readBodies: async () => new Map([[run.id, body]]) },
    taskDefaults: defaults,
    stack: 'test',
  };
  const facts = { flow: async () => flow, deployment: async () => undefined, workPool: async () => pool };
  const job = await renderJob(deps, facts, run);
  if (job.kind === 'unrenderable') return job.problem;
  const entries = followPath(job.request, 'overrides.containerOverrides[0].environment');
  const pairs = Array.isArray(entries) ? entries : [];
  return new Map(pairs.map((entry) => [String(followPath(entry, 'name')), followPath(entry, 'value') ?? null]));
}

it('opens secrets, and follows dotted names through the blocks that a block refers to', async () => {
  await keep('secret', 'token', { value: 'hush' });
  const login = await keep('login', 'ada', { user: 'ada', keys: [{ id: 'first' }, { id: 'second' }] });
  await keep('service', 'one', { url: 'https://one' }, { login });

  const environment = await environmentOf({
    TOKEN: '{{ prefect.blocks.secret.token }}',
    INSIDE: 'Bearer {{ prefect.blocks.secret.token }}',
    USER_NAME: '{{ prefect.blocks.service.one.login.user }}',
    KEY: '{{ prefect.blocks.service.one.login.keys[1].id }}',
  });

  expect(environment).toBeInstanceOf(Map);
  expect(Object.fromEntries(typeof environment === 'string' ? [] : environment)).toMatchObject({
    TOKEN: 'hush',
    INSIDE: 'Bearer hush',
    USER_NAME: 'ada',
    KEY: 'second',
  });
});

it('finds the variables that the data of a block speaks of', async () => {
  const kept = { id: randomUUID(), created: 1, updated: 1, tags: [] };
  await catalogue.variables.create({ ...kept, name: 'region', value: 'eu-west-1' });
  await keep('place', 'home', { region: '{{ prefect.variables.region }}' });

  const environment = await environmentOf({ REGION: '{{ prefect.blocks.place.home.region }}' });

  expect(typeof environment === 'string' ? environment : environment.get('REGION')).toBe('eu-west-1');
});

it('says which block there is none of, and shows no secret in what it says', async () => {
  await keep('secret', 'hidden', { value: 'hush-hush' });

  const missing = await environmentOf({ A: '{{ prefect.blocks.secret.nobody }}' });
  const nowhere = await environmentOf({ A: '{{ prefect.blocks.secret.hidden.deep.path }}' });

  expect(missing).toBe('no block named nobody of the type secret');
  expect(String(nowhere)).not.toContain('hush-hush');
});
