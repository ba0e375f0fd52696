// Our task definition families on the real local database: remembered before they are registered, registered once.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createFamilies } from '../../shared/adapters/dynamodb/families.ts';
import { world } from '../../shared/adapters/world.ts';
import type { Families } from '../../shared/ports/families.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let client: DocumentClient;
let families: Families;
/** Another process. */
let others: Families;
let family: string;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
});
beforeEach(() => {
  families = createFamilies({ client, table: database.controlTable });
  others = createFamilies({ client, table: database.controlTable });
  family = `slipway-${world.newId()}`;
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

const definition = { family: 'f', containerDefinitions: [{ name: 'prefect', environment: [] }] };

describe('a family', () => {
  it('that nobody remembered is not known', async () => {
    expect(await families.read(family)).toBeUndefined();
    await expect(families.markRegistered(family, 'arn')).rejects.toThrow();
  });

  it('is remembered before it is registered, for every process', async () => {
    await families.remember(family, definition);

    expect(await families.read(family)).toEqual({ definition });
    expect(await others.read(family)).toEqual({ definition });
  });

  it('that is registered is so for every process, also for one that knew it before', async () => {
    await families.remember(family, definition);
    await others.remember(family, definition);
    expect(await others.read(family)).toEqual({ definition });

    await families.markRegistered(family, 'arn:1');

    expect(await families.read(family)).toEqual({ definition, arn: 'arn:1' });
    expect(await others.read(family)).toEqual({ definition, arn: 'arn:1' });
  });

  it('that is remembered again keeps its registration', async () => {
    await families.remember(family, definition);
    await families.markRegistered(family, 'arn:1');

    await others.remember(family, definition);

    expect(await others.read(family)).toEqual({ definition, arn: 'arn:1' });
  });

  it('that is registered again has the newer revision', async () => {
    await families.remember(family, definition);
    await families.markRegistered(family, 'arn:1');
    await families.markRegistered(family, 'arn:2');

    expect(await families.read(family)).toMatchObject({ arn: 'arn:2' });
    expect(await others.read(family)).toMatchObject({ arn: 'arn:2' });
  });

  it('that another process remembered can be marked by one that never read it', async () => {
    await families.remember(family, definition);

    await others.markRegistered(family, 'arn:1');

    expect(await families.read(family)).toMatchObject({ arn: 'arn:1' });
  });
});
