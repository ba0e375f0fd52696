import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createConnections } from '../../shared/adapters/dynamodb/connections.ts';
import { createLargeParts } from '../../shared/adapters/dynamodb/large-parts.ts';
import { connectionKey, largePartKey } from '../../shared/adapters/dynamodb/table.ts';
import type { Connection, ConnectionKind, Connections } from '../../shared/ports/connections.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { rawTable } from '../support/stores.ts';

let database: TestDatabase;
let client: DocumentClient;
let connections: Connections;
const clock = { now: 1_000_000 };

beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  connections = createConnections({ client, table: database.controlTable, now: () => clock.now });
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

const subscription = { filter: { event: { name: ['a'] } }, since: 5 };

function aConnection(kind: ConnectionKind, change: Partial<Connection> = {}): Connection {
  return { kind, id: randomUUID(), isAuthorized: false, connectedAt: 900_000, expiresAt: 2_000_000, ...change };
}

async function opened(kind: ConnectionKind, change: Partial<Connection> = {}): Promise<Connection> {
  const connection = aConnection(kind, change);
  await connections.open(connection);
  return connection;
}

describe('connections', () => {
  it('reads a connection as it was opened, whatever it says of itself', async () => {
    const plain = await opened('events-out');
    const full = await opened('logs-out', { isAuthorized: true, runId: 'run', subscription });

    expect(await connections.read(plain)).toEqual(plain);
    expect(await connections.read(full)).toEqual(full);
  });

  it('lists those that subscribed, of their kind alone', async () => {
    const [watching, silent] = [await opened('task-runs'), await opened('task-runs')];
    await opened('events-in', { subscription });

    await connections.authorize(watching);
    const isThere = await connections.subscribe(watching, subscription);

    expect(isThere).toBe(true);
    expect(await connections.subscribers('task-runs')).toEqual([{ ...watching, isAuthorized: true, subscription }]);
    expect(await connections.read(silent)).toEqual(silent);
  });

  it('neither authorises nor subscribes a connection that is gone', async () => {
    const gone = await opened('logs-out');
    await connections.remove(gone);

    const answers = [await connections.authorize(gone), await connections.subscribe(gone, subscription)];

    expect(answers).toEqual([false, false]);
    expect(await connections.read(gone)).toBeUndefined();
    expect(await connections.subscribers('logs-out')).not.toContainEqual(expect.objectContaining({ id: gone.id }));
  });

  it('takes an expired connection for gone before anybody swept it', async () => {
    const expired = await opened('events-out', { subscription, expiresAt: clock.now });

    expect(await connections.read(expired)).toBeUndefined();
    expect((await connections.subscribers('events-out')).map(({ id }) => id)).not.toContain(expired.id);
  });

  it('knows who was authorised to send events for as long as frames can wait', async () => {
    const raw = rawTable(database.endpoint, database.controlTable);
    const [known, stranger] = [await opened('events-in', { expiresAt: clock.now }), await opened('events-in')];
    await connections.authorize(known);

    const authorized = await connections.authorizedAmong([known.id, stranger.id, known.id, 'nobody']);
    const item = await raw.item(connectionKey(known));
    raw.close();

    expect(authorized).toEqual(new Set([known.id]));
    expect(Number(item?.['expires_at']?.N)).toBe(900 + 15 * 86_400);
  });
});

describe('large parts', () => {
  it('keeps a text in as many pieces as it needs and reads it back', async () => {
    const parts = createLargeParts({ client, table: database.bulkTable, newId: randomUUID, now: () => clock.now });
    const small = 'ä'.repeat(300_000);
    const large = Array.from({ length: 60_000 }, () => randomUUID()).join('');

    const refs = [await parts.put(small), await parts.put(large)] as const;

    expect(refs.map(({ count }) => count)).toEqual([1, expect.any(Number)]);
    expect(refs[1].count).toBeGreaterThan(2);
    expect(await parts.read(refs[0])).toBe(small);
    expect(await parts.read(refs[1])).toBe(large);
  });

  it('has no text of which a piece is missing, and lets it expire after both queues', async () => {
    const raw = rawTable(database.endpoint, database.bulkTable);
    const parts = createLargeParts({ client, table: database.bulkTable, newId: randomUUID, now: () => clock.now });

    const ref = await parts.put('text');
    const item = await raw.item(largePartKey(ref.id, 0));
    raw.close();

    expect(await parts.read({ ...ref, count: 2 })).toBeUndefined();
    expect(Number(item?.['expires_at']?.N)).toBe(1_000 + 30 * 86_400);
  });
});
