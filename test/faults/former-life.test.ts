// A run that is created again under a deleted one's id, when the deletion left more behind than it should have.
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { runHeadKey } from '../../shared/adapters/dynamodb/table.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { callerOf, exits, isOver, triggerOnce } from '../support/stage/scenarios.ts';
import { startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

it('goes on from the attempts of a deletion that ended half-way, when their tombstone is gone', async () => {
  const stage = await startStage({ database, script: exits(0) });
  const client = createDocumentClient();
  try {
    const id = await triggerOnce(stage, 'the same key');
    await stage.drive(async () => isOver(await stage.readRun(id)));
    await client.send(new DeleteCommand({ TableName: stage.controlTable, Key: runHeadKey(id) }));

    expect(await triggerOnce(stage, 'the same key')).toBe(id);
    await stage.drive(async () => isOver(await stage.readRun(id)));

    expect((await stage.readRun(id)).state.type).toBe('COMPLETED');
    expect(stage.ecs.tasks.map((task) => callerOf(task).attempt)).toEqual([1, 2]);
    expect(stage.problems).toEqual([]);
  } finally {
    client.destroy();
    await stage.close();
  }
});
