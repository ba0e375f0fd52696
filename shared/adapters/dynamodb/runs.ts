// The store of runs: one conditional write moves a head; whatever is large is written beside it first.
import type { Run, RunBody } from '../../domain/run/run.ts';
import type { State } from '../../domain/run/state.ts';
import type { Runs, Write } from '../../ports/runs.ts';
import { createAttempts } from './attempts.ts';
import { attemptChange, besideItems, headChange, leavingItems, putAll, type RunStoreOptions } from './head-writes.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { bodyItem, headItem, isSmallBody, runFromItem } from './run-items.ts';
import { createRunLists } from './run-lists.ts';
import {
  isRunDetailKey,
  type Key,
  runBodyItemKey,
  runHeadKey,
  runIdOfPartition,
  runStateKey,
  runTombstoneKey,
  statePrefix,
} from './table.ts';
import { get, getMany, put, queryAll, remove, transact } from './writes.ts';

/**
 * A deleted run's attempt numbers are remembered this long: its last attempt ends within its maximum duration (a day
 * unless somebody asks for more), and its tokens and events can speak for 25 hours after that (rule 4).
 */
const tombstoneDays = 30;

export function createRuns(options: RunStoreOptions): Runs {
  return { ...createHeads(options), ...createAttempts(options), ...createRunLists(options) };
}

type Tombstone = { readonly attempt: number };

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
>;

function createHeads({ client, table, newId, now }: RunStoreOptions): Heads {
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
    return item === undefined ? undefined : whole(item);
  };

  const buried = (head: { TableName: string; Key: Key }, run: Run) => {
    const tombstone = toItem(runTombstoneKey(run.id), { attempt: run.attempt } satisfies Tombstone, {
      expires_at: Math.ceil(now() / 1000) + tombstoneDays * 24 * 3600,
    });
    return [{ Delete: head }, { Put: { TableName: table, Item: tombstone } }];
  };

  /** What a deleted head leaves: bodies and states. Attempts stay, their tasks may still speak. */
  const sweepBehind = async (runId: string): Promise<void> => {
    const items = await queryAll(client, {
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': runHeadKey(runId).pk },
      ProjectionExpression: 'pk, sk',
    });
    const swept = items.map((item) => ({ pk: String(item['pk']), sk: String(item['sk']) })).filter(isRunDetailKey);
    await Promise.all(swept.map((Key) => remove(client, { TableName: table, Key })));
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
      const beside = [...(isSmallBody(body) ? [] : [bodyItem(run.id, run.bodyId, body)]), ...besideItems(run)];
      const [tombstone] = await Promise.all([
        mayHaveLived ? get(client, table, runTombstoneKey(run.id)) : undefined,
        putAll(client, table, beside),
      ]);
      const attempt = tombstone === undefined ? run.attempt : fromItem<Tombstone>(tombstone).attempt;
      const counted: Run = { ...run, attempt, ...(isSmallBody(body) ? { body } : {}) };
      const writeId = newId();
      const write = await put(client, {
        TableName: table,
        Item: headItem(counted, writeId),
        ConditionExpression: 'attribute_not_exists(pk) OR write_id = :mine',
        ExpressionAttributeValues: { ':mine': writeId },
      });
      if (write === 'written') return { kind: 'created', run: counted };
      const there = await read(run.id);
      if (there === undefined) throw new Error(`run ${run.id} was deleted while it was created`);
      return { kind: 'exists', run: there };
    },

    async readMany(ids) {
      const items = await getMany(client, table, [...new Set(ids)].map(runHeadKey));
      return Promise.all(items.map(whole));
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

    async change(before, after): Promise<Write> {
      await putAll(client, table, leavingItems(before, after));
      return put(client, headChange(table, { before, after, writeId: newId() }));
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
      const open = attempt === undefined ? [] : [{ Put: attemptChange(table, attempt) }];
      const write =
        run.attempt === 0 ? await remove(client, head) : await transact(client, [...buried(head, run), ...open]);
      if (write === 'written') await sweepBehind(run.id);
      return write;
    },
  };
}
