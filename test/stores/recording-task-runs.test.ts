import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { taskRunKey, taskRunPartition } from '../../shared/adapters/dynamodb/table.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { world } from '../../shared/adapters/world.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import type { TaskRuns } from '../../shared/ports/task-runs.ts';
import { deleteTaskRunsOf } from '../../shared/use-cases/delete-task-run.ts';
import { recordTaskRunEvents } from '../../shared/use-cases/record-task-run-events.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { second, start } from '../support/run-builders.ts';
import { itemBytes, loseNextReply, type Raw, rawTable } from '../support/stores.ts';
import { aTaskRunEvent, type Reported } from '../support/task-run-builders.ts';

let database: TestDatabase;
let client: DocumentClient;
let raw: Raw;
let taskRuns: TaskRuns;
beforeAll(async () => {
  database = await startDatabase();
  raw = rawTable(database.endpoint, database.controlTable);
});
beforeEach(() => {
  client = createDocumentClient();
  taskRuns = createTaskRuns({ client, table: database.controlTable, newId: world.newId, sha256: world.sha256 });
});
afterEach(() => client.destroy());
afterAll(async () => {
  raw.close();
  await database.close();
});

const clock = { now: () => start + 60 * second };
const record = (events: readonly PrefectEvent[]) => recordTaskRunEvents({ taskRuns, world: clock }, events);

/** The three states of an ordinary task, one second apart. */
function aLife(id: string, flowRunId: string, over: Partial<Reported> = {}): PrefectEvent[] {
  const types = ['PENDING', 'RUNNING', 'COMPLETED'] as const;
  return types.map((type, at) =>
    aTaskRunEvent({ id: world.newId(), type, at: at * second, taskRunId: id, flowRunId, ...over }),
  );
}
const ids = () => ({ id: world.newId(), flowRunId: world.newId() });

describe('an ordinary task run', () => {
  it('is what its engine reported last, with all its states', async () => {
    const { id, flowRunId } = ids();
    const events = aLife(id, flowRunId, {
      fields: { tags: ['a'], task_inputs: { x: [{ input_type: 'constant', type: 'int' }] }, total_run_time: 1.5 },
    });

    for (const event of events) await record([event]);

    expect(await taskRuns.read(id)).toMatchObject({
      id,
      flowRunId,
      name: 'extract-0',
      taskKey: 'extract-1a2b',
      tags: ['a'],
      taskInputs: { x: [{ input_type: 'constant', type: 'int' }] },
      totalRunTimeMs: 1_500,
      state: { id: events[2]?.id, type: 'COMPLETED', timestamp: start + 2 * second },
    });
    expect((await taskRuns.readStates(id)).map(({ id: stateId }) => stateId)).toEqual(events.map((event) => event.id));
    expect(await taskRuns.ofFlowRun(flowRunId, 10)).toEqual([id]);
  });

  it.each([
    ['in any order', (events: PrefectEvent[]) => events.toReversed()],
    ['twice', (events: PrefectEvent[]) => [...events, ...events]],
    ['last one first, then all', (events: PrefectEvent[]) => [...events.slice(2), ...events]],
  ])('is the same when its events come %s', async (_how, mixed) => {
    const { id, flowRunId } = ids();
    const events = aLife(id, flowRunId);

    for (const event of mixed(events)) await record([event]);
    const apart = await taskRuns.read(id);
    const { id: other, flowRunId: otherRun } = ids();
    const otherEvents = aLife(other, otherRun);
    await record(mixed(otherEvents));

    expect(apart?.state).toMatchObject({ id: events[2]?.id, type: 'COMPLETED' });
    expect((await taskRuns.read(other))?.state).toMatchObject({ id: otherEvents[2]?.id, type: 'COMPLETED' });
    expect(await taskRuns.readStates(id)).toHaveLength(3);
    expect(await taskRuns.readStates(other)).toHaveLength(3);
  });

  it('is the same when many consumers record its events at once', async () => {
    const { id, flowRunId } = ids();
    const events = aLife(id, flowRunId);

    await Promise.all([...events, ...events, ...events].map((event) => record([event])));

    expect((await taskRuns.read(id))?.state.type).toBe('COMPLETED');
    expect(await taskRuns.readStates(id)).toHaveLength(3);
  });

  it('costs a head under one write unit', async () => {
    const { id, flowRunId } = ids();

    await record(aLife(id, flowRunId, { state: { data: { expiration: null, serializer: { type: 'pickle' } } } }));

    expect(itemBytes((await raw.item(taskRunKey(id))) ?? {})).toBeLessThan(1024);
  });

  it('whose write was answered with nothing is recorded once', async () => {
    const { id, flowRunId } = ids();
    loseNextReply(client);

    await record(aLife(id, flowRunId));

    expect(await taskRuns.read(id)).toMatchObject({ version: 1, state: { type: 'COMPLETED' } });
  });

  it('is found by the ids of its states', async () => {
    const { id, flowRunId } = ids();
    const events = aLife(id, flowRunId);
    await record(events);

    const kept = await taskRuns.readState(events[1]?.id ?? '');

    expect(kept).toMatchObject({ taskRunId: id, flowRunId, state: { type: 'RUNNING' } });
    expect(await taskRuns.readState(world.newId())).toBeUndefined();
  });

  it('keeps what an event leaves out, and drops times that no longer hold', async () => {
    const { id, flowRunId } = ids();
    const at = (ms: number) => new Date(start + ms).toISOString();
    const [pending, running, failed] = aLife(id, flowRunId);
    await record([pending, running].flatMap((event) => event ?? []));
    const retry = aTaskRunEvent({
      id: world.newId(),
      type: 'SCHEDULED',
      at: 3 * second,
      taskRunId: id,
      flowRunId,
      fields: { next_scheduled_start_time: at(9_000), end_time: at(3_000), task_version: 'v1' },
      state: { name: 'AwaitingRetry', state_details: { scheduled_time: at(9_000) } },
    });
    const again = aTaskRunEvent({ id: world.newId(), type: 'RUNNING', at: 9 * second, taskRunId: id, flowRunId });

    await record([failed, retry, again].flatMap((event) => event ?? []));

    const taskRun = await taskRuns.read(id);
    expect(taskRun).toMatchObject({ taskVersion: 'v1', state: { type: 'RUNNING' } });
    expect(taskRun).not.toHaveProperty('nextScheduledStartTime');
    expect(taskRun).not.toHaveProperty('endTime');
  });
});

describe('a natural key', () => {
  const sameKey = { fields: { dynamic_key: '0' } };

  it('belongs to the first task run that has it, whatever id comes later', async () => {
    const { id, flowRunId } = ids();
    const later = world.newId();
    const [first, , last] = [aLife(id, flowRunId, sameKey), [], aLife(later, flowRunId, sameKey)];
    await record(first.slice(0, 1));

    await record(last.slice(2));

    expect(await taskRuns.read(later)).toBeUndefined();
    expect(await taskRuns.read(id)).toMatchObject({ state: { id: last[2]?.id, type: 'COMPLETED' } });
    expect(await taskRuns.readStates(id)).toHaveLength(2);
    expect(await taskRuns.ofFlowRun(flowRunId, 10)).toEqual([id]);
  });

  it('that two ids bring in one batch makes one task run', async () => {
    const { id, flowRunId } = ids();
    const events = [...aLife(id, flowRunId, sameKey), ...aLife(world.newId(), flowRunId, sameKey)];

    await record(events);

    expect(await taskRuns.ofFlowRun(flowRunId, 10)).toHaveLength(1);
  });

  it('means another task run in another flow run, and none outside of flow runs', async () => {
    const [one, other] = [ids(), ids()];
    const [alone, alsoAlone] = [world.newId(), world.newId()];

    await record([
      ...aLife(one.id, one.flowRunId, sameKey),
      ...aLife(other.id, other.flowRunId, sameKey),
      ...[alone, alsoAlone].flatMap((id) => aLife(id, '', { ...sameKey, flowRunId: null })),
    ]);

    const found = await taskRuns.readMany([one.id, other.id, alone, alsoAlone]);
    expect(found).toHaveLength(4);
    expect(found.filter(({ flowRunId }) => flowRunId === undefined)).toHaveLength(2);
  });
});

describe('what is not recorded', () => {
  it.each([
    ['events of other things', (event: PrefectEvent) => ({ ...event, event: 'prefect.flow-run.Running' })],
    [
      'task runs that a server orchestrates',
      (event: PrefectEvent) => ({ ...event, resource: { ...event.resource, 'prefect.orchestration': 'server' } }),
    ],
    ['an event without a task run', (event: PrefectEvent) => ({ ...event, payload: {} })],
    [
      'a state of an unknown type',
      (event: PrefectEvent) => ({ ...event, payload: { ...event.payload, validated_state: { type: 'ODD' } } }),
    ],
    [
      'an id that is none',
      (event: PrefectEvent) => ({
        ...event,
        resource: { ...event.resource, 'prefect.resource.id': 'prefect.task-run.mine' },
      }),
    ],
    [
      'a task run without its task',
      (event: PrefectEvent) => ({ ...event, payload: { ...event.payload, task_run: { dynamic_key: '0' } } }),
    ],
  ])('%s', async (_what, change) => {
    const { id, flowRunId } = ids();
    const good = ids();

    await record([...aLife(id, flowRunId).map(change), ...aLife(good.id, good.flowRunId)]);

    expect(await taskRuns.read(id)).toBeUndefined();
    expect(await taskRuns.read(good.id)).toMatchObject({ state: { type: 'COMPLETED' } });
  });
});

describe('much at once', () => {
  it('records 700 unconfirmed events of 234 task runs within three seconds', async () => {
    const { flowRunId } = ids();
    const events = Array.from({ length: 234 }, () => aLife(world.newId(), flowRunId))
      .flat()
      .slice(0, 700);
    const began = performance.now();

    await record(events);

    expect(performance.now() - began).toBeLessThan(3_000);
    expect(await taskRuns.ofFlowRun(flowRunId, 1_000)).toHaveLength(234);
    const states = await Promise.all((await taskRuns.ofFlowRun(flowRunId, 5)).map((id) => taskRuns.readStates(id)));
    expect(states.every(({ length }) => length === 3)).toBe(true);
  });

  it('keeps inputs that no item can hold', async () => {
    const { id, flowRunId } = ids();
    const inputs = Array.from({ length: 20_000 }, () => ({ input_type: 'task_run', id: world.newId() }));

    await record(aLife(id, flowRunId, { fields: { task_inputs: { results: inputs } } }));

    expect((await taskRuns.read(id))?.taskInputs).toEqual({ results: inputs });
    expect(itemBytes((await raw.item(taskRunKey(id))) ?? {})).toBeLessThan(1024);
  });

  it('keeps a long message whole', async () => {
    const { id, flowRunId } = ids();
    const message = 'x'.repeat(100_000);

    await record(aLife(id, flowRunId, { state: { message } }));

    expect((await taskRuns.read(id))?.state.message).toBe(message);
  });
});

it('hundreds of task runs of a flow run are deleted together, and leave nothing', async () => {
  const { flowRunId } = ids();
  const made = Array.from({ length: 150 }, () => world.newId());
  const inputs = { x: Array.from({ length: 50 }, () => ({ input_type: 'task_run', id: world.newId() })) };
  await record(made.flatMap((id) => aLife(id, flowRunId, { fields: { task_inputs: inputs, dynamic_key: id } })));

  await deleteTaskRunsOf({ taskRuns }, flowRunId);

  expect(await taskRuns.ofFlowRun(flowRunId, 10)).toEqual([]);
  for (const id of made.slice(0, 10)) expect(await raw.sortKeys(taskRunPartition(id))).toEqual([]);
  const [id = ''] = made;
  expect(await taskRuns.claimKey({ flowRunId, taskKey: 'extract-1a2b', dynamicKey: id }, 'another')).toBe('another');
});
