// The store of runs: one conditional write moves a head; whatever is large is written beside it first.
// A deleted head leaves a tombstone in its own place: whoever creates the run again writes over that very item.
import type { Run, RunBody } from '../../domain/run/run.ts';
import type { State } from '../../domain/run/state.ts';
import { timing } from '../../domain/run/timing.ts';
import type { Runs, Write } from '../../ports/runs.ts';
import { createAttempts } from './attempts.ts';
import {
  alongWrites,
  attemptChange,
  besideItems,
  givenSlots,
  headChange,
  leavingItems,
  putAll,
  type RunStoreOptions,
  trackerWrites,
} from './head-writes.ts';
import { fromItem, type Item } from './items.ts';
import { bodyItem, buriedAttempt, childItem, headItem, isSmallBody, runFromItem, tombstoneItem } from './run-items.ts';
import { createRunLists } from './run-lists.ts';
import { sweepDeletedRun } from './run-traces.ts';
import { createRunWalk } from './run-walk.ts';
import {
  childIdOf,
  childPrefix,
  runBodyItemKey,
  runHeadKey,
  runIdOfPartition,
  runStateKey,
  statePrefix,
} from './table.ts';
import { get, getMany, put, queryAll, remove, transact } from './writes.ts';

/** How often a creation that meets deletions of its id looks again. */
const maximumCreations = 5;

export function createRuns(options: RunStoreOptions): Runs {
  return { ...createHeads(options), ...createAttempts(options), ...createRunLists(options), ...createRunWalk(options) };
}

type Heads = Pick<
  Runs,
  | 'create'
  | 'read'
  | 'readMany'
  | 'readBody'
  | 'readBodies'
  | 'writeBody'
  | 'change'
  | 'readStates'
  | 'readState'
  | 'remove'
  | 'lastAttempt'
  | 'bury'
  | 'children'
>;

function createHeads(options: RunStoreOptions): Heads {
  const { client, table, newId, now } = options;
  const readStateItem = async (runId: string, stateId: string): Promise<State | undefined> => {
    const item = await get(client, table, runStateKey(runId, stateId));
    return item === undefined ? undefined : fromItem<State>(item);
  };

  const whole = async (item: Item): Promise<Run> => {
    const { run, isStateBeside } = runFromItem(item);
    if (!isStateBeside) return run;
    const state = await readStateItem(run.id, run.state.id);
    return state === undefined ? run : { ...run, state };
  };

  const read = async (id: string): Promise<Run | undefined> => {
    const item = await get(client, table, runHeadKey(id));
    return item === undefined || buriedAttempt(item) !== undefined ? undefined : whole(item);
  };

  /** Puts a first head over nothing, or over the very tombstone that was read. */
  const putFirst = async (run: Run, buried: number | undefined): Promise<Write> => {
    const writeId = newId();
    const isFree = buried === undefined ? 'attribute_not_exists(pk)' : 'last_attempt = :buried';
    const first = {
      TableName: table,
      Item: headItem(run, writeId),
      ConditionExpression: `${isFree} OR write_id = :mine`,
      ExpressionAttributeValues: { ':mine': writeId, ...(buried === undefined ? {} : { ':buried': buried }) },
    };
    const tracker = await trackerWrites(options, undefined, run);
    return tracker.length === 0 ? put(client, first) : transact(client, [{ Put: first }, ...tracker]);
  };

  const readStates = async (id: string): Promise<readonly State[]> => {
    // The head first: whatever left it before it was read lies beside it by then.
    const head = await read(id);
    if (head === undefined) return [];
    const items = await queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': runHeadKey(id).pk, ':prefix': statePrefix },
    });
    const left = items.filter((item) => item['left'] === true).map((item) => fromItem<State>(item));
    // A deletion that died half-way leaves states of the id's former life.
    const ours = left.filter(({ timestamp }) => timestamp >= head.created);
    const whole = new Map(ours.map((state) => [state.id, state]));
    for (const { isBeside: _isBeside, ...state } of head.recentStates)
      if (!whole.has(state.id)) whole.set(state.id, state);
    whole.set(head.state.id, head.state);
    return [...whole.values()].sort((one, other) => one.timestamp - other.timestamp);
  };

  return {
    read,

    async create(run, body, { mayHaveLived }) {
      const beside = [
        ...(isSmallBody(body) ? [] : [bodyItem(run.id, run.bodyId, body)]),
        ...besideItems(run),
        ...(run.parentRunId === undefined ? [] : [childItem(run.parentRunId, run.id)]),
      ];
      let isBesideThere = false;
      for (let race = 0; race < maximumCreations; race += 1) {
        const there = mayHaveLived || race > 0 ? await get(client, table, runHeadKey(run.id)) : undefined;
        const buried = there === undefined ? undefined : buriedAttempt(there);
        if (there !== undefined && buried === undefined) return { kind: 'exists', run: await whole(there) };
        if (!isBesideThere) await putAll(client, table, beside);
        isBesideThere = true;
        const lived = buried === undefined ? {} : { attempt: buried, formerLife: buried };
        const first: Run = { ...run, ...lived, ...(isSmallBody(body) ? { body } : {}) };
        if ((await putFirst(first, buried)) === 'written') return { kind: 'created', run: first };
      }
      throw new Error(`run ${run.id} is created and deleted by others at the same time`);
    },

    async readMany(ids) {
      const items = await getMany(client, table, [...new Set(ids)].map(runHeadKey));
      return Promise.all(items.filter((item) => buriedAttempt(item) === undefined).map(whole));
    },

    async readBody(run) {
      if (run.body !== undefined) return run.body;
      const item = await get(client, table, runBodyItemKey(run.id, run.bodyId));
      if (item === undefined) throw new Error(`run ${run.id} has no body ${run.bodyId}`);
      return fromItem<RunBody>(item);
    },

    async readBodies(runs) {
      const bodies = new Map(runs.flatMap(({ id, body }) => (body === undefined ? [] : [[id, body] as const])));
      const keys = runs.filter(({ id }) => !bodies.has(id)).map((run) => runBodyItemKey(run.id, run.bodyId));
      for (const item of await getMany(client, table, keys)) {
        bodies.set(runIdOfPartition(String(item['pk'])), fromItem<RunBody>(item));
      }
      return bodies;
    },

    async writeBody(runId, bodyId, body) {
      await putAll(client, table, [bodyItem(runId, bodyId, body)]);
    },

    async change(before, after, along = {}): Promise<Write> {
      await putAll(client, table, leavingItems(before, after));
      const head = headChange(table, { before, after, writeId: newId() });
      const others = [
        ...alongWrites(table, along),
        ...givenSlots(table, before, after),
        ...(await trackerWrites(options, before, after)),
      ];
      return others.length === 0 ? put(client, head) : transact(client, [{ Put: head }, ...others]);
    },

    readStates,

    async readState(runId, stateId) {
      return (await readStates(runId)).find(({ id }) => id === stateId);
    },

    async remove(run, attempt): Promise<Write> {
      const head = {
        TableName: table,
        Key: runHeadKey(run.id),
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: { ':version': run.version },
      };
      const others = [
        ...(attempt === undefined ? [] : [{ Put: attemptChange(table, attempt) }]),
        ...givenSlots(table, run, undefined),
      ];
      const { Key: _key, ...condition } = head;
      const tombstone = { ...condition, Item: tombstoneItem(run.id, run.attempt, now() + timing.tracesKept) };
      const ending = run.attempt === 0 ? { Delete: head } : { Put: tombstone };
      const write = await (others.length > 0
        ? transact(client, [ending, ...others])
        : run.attempt === 0
          ? remove(client, head)
          : put(client, tombstone));
      if (write === 'written') await sweepDeletedRun({ client, table, now }, run.id);
      return write;
    },

    async lastAttempt(runId) {
      const item = await get(client, table, runHeadKey(runId));
      return item === undefined ? undefined : (buriedAttempt(item) ?? runFromItem(item).run.attempt);
    },

    bury: (runId, attempt) =>
      put(client, {
        TableName: table,
        Item: tombstoneItem(runId, attempt, now() + timing.tracesKept),
        ConditionExpression: 'attribute_not_exists(pk) OR last_attempt < :attempt',
        ExpressionAttributeValues: { ':attempt': attempt },
      }),

    async children(runId) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': runHeadKey(runId).pk, ':prefix': childPrefix },
        ProjectionExpression: 'sk',
      });
      return items.map(({ sk }) => childIdOf(String(sk)));
    },
  };
}
