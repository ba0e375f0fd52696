// The admission item on the real local database: one lease, whoever asks at once.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAdmission } from '../../shared/adapters/dynamodb/admission.ts';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { emptyAdmission, grant } from '../../shared/domain/submit/admission.ts';
import type { Admission } from '../../shared/ports/admission.ts';
import { createTables, startDatabase, type TestDatabase } from '../support/database.ts';
import { start } from '../support/run-builders.ts';
import { loseNextReply } from '../support/stores.ts';

const rate = { perSecond: 20, burst: 100, calls: { perSecond: 20, burst: 100 } };
const empty = emptyAdmission(rate, start);

let database: TestDatabase;
let client: DocumentClient;
let admission: Admission;
let tables = 0;
beforeAll(async () => {
  database = await startDatabase();
});
beforeEach(async () => {
  tables += 1;
  const names = { controlTable: `admission-${tables}`, bulkTable: `admission-${tables}-bulk` };
  await createTables(database.endpoint, names);
  client = createDocumentClient();
  admission = createAdmission({ client, table: names.controlTable });
});
afterEach(() => client.destroy());
afterAll(() => database.close());

describe('the admission item', () => {
  it('is not there at first, and comes with the first write', async () => {
    expect(await admission.read()).toBeUndefined();

    expect(await admission.write(undefined, { ...empty, more: true })).toBe('written');

    expect(await admission.read()).toEqual({ ...empty, more: true, version: 1 });
  });

  it('is written by one of many who saw the same', async () => {
    for (let round = 0; round < 3; round += 1) {
      const seen = await admission.read();
      const answer = grant({ ...(seen ?? empty), leaseUntil: 0 }, rate, { count: 5, now: start });
      if (answer.kind !== 'granted') throw new Error('not granted');

      const writes = await Promise.all(Array.from({ length: 6 }, () => admission.write(seen, answer.after)));

      expect(writes.filter((write) => write === 'written')).toHaveLength(1);
      expect(await admission.read()).toEqual({ ...answer.after, version: round + 1 });
    }
  });

  it('is not written by who saw an older one, nor put twice', async () => {
    await admission.write(undefined, empty);
    const seen = await admission.read();
    await admission.write(seen, { ...empty, epoch: 1 });

    expect(await admission.write(seen, { ...empty, epoch: 2 })).toBe('lost');
    expect(await admission.write(undefined, empty)).toBe('lost');
    expect(await admission.read()).toMatchObject({ epoch: 1, version: 2 });
  });

  it('is written when only the reply was lost: a pump does not take itself for another', async () => {
    await admission.write(undefined, empty);
    const seen = await admission.read();
    loseNextReply(client);

    expect(await admission.write(seen, { ...empty, epoch: 1 })).toBe('written');
    expect(await admission.read()).toMatchObject({ epoch: 1, version: 2 });
  });
});
