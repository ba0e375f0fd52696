// The store of task runs. What an engine reports is written without transactions, hundreds at a time: states first,
// since each of them is a fact, then the natural key, then the head under its version.
import type { TaskRun } from '../../domain/task-run/task-run.ts';
import type { TaskRuns } from '../../ports/task-runs.ts';
import { putMany, removeMany } from './batch-put.ts';
import type { DocumentClient } from './client.ts';
import type { Item } from './items.ts';
import type { Key } from './table.ts';
import { taskRunIdOfPartition, taskRunKey, taskRunPartition, taskStateKey, taskStatePrefix } from './table.ts';
import {
  inputsFromItems,
  inputsKeys,
  largeInputs,
  naturalKeyOf,
  type Sha256,
  type StoredTaskRun,
  taskRunFromItem,
  taskStateFromItem,
  taskStateItem,
} from './task-run-items.ts';
import { createTaskRunLists, findTaskState } from './task-run-lists.ts';
import { keyClaim, newTaskRunHead, newTaskRunItems, taskRunHeadMove, taskRunMoveItems } from './task-run-writes.ts';
import { get, getMany, put, queryAll, transact } from './writes.ts';

export type TaskRunStoreOptions = {
  readonly client: DocumentClient;
  readonly table: string;
  readonly newId: () => string;
  readonly sha256: Sha256;
};

export function createTaskRuns(options: TaskRunStoreOptions): TaskRuns {
  return { ...createReads(options), ...createWrites(options), ...createTaskRunLists(options) };
}

type Reads = Pick<TaskRuns, 'read' | 'readMany' | 'readStates' | 'readState'>;

function createReads({ client, table }: TaskRunStoreOptions): Reads {
  /** With inputs and states that do not fit on heads, all of them in one read. */
  const whole = async (stored: readonly StoredTaskRun[]): Promise<readonly TaskRun[]> => {
    const keys = stored.flatMap(besideKeys);
    if (keys.length === 0) return stored.map(({ taskRun }) => taskRun);
    const found = Map.groupBy(await getMany(client, table, keys), ({ pk }) => taskRunIdOfPartition(String(pk)));
    return stored.map((one) => withBeside(one, found.get(one.taskRun.id) ?? []));
  };

  const readMany: Reads['readMany'] = async (ids) => {
    const wanted = [...new Set(ids)];
    const requests = Array.from({ length: Math.ceil(wanted.length / 100) }, (_, at) =>
      wanted.slice(at * 100, (at + 1) * 100),
    );
    const found: TaskRun[] = [];
    for (let at = 0; at < requests.length; at += requestsAtOnce) {
      const answers = requests.slice(at, at + requestsAtOnce).map(async (request) => {
        const items = await getMany(client, table, request.map(taskRunKey));
        return whole(items.map(taskRunFromItem));
      });
      found.push(...(await Promise.all(answers)).flat());
    }
    return found;
  };

  const statesOf = async (id: string) => {
    const items = await queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': taskRunPartition(id), ':prefix': taskStatePrefix },
    });
    return items.map(taskStateFromItem);
  };

  return {
    readMany,

    async read(id) {
      const item = await get(client, table, taskRunKey(id));
      return item === undefined ? undefined : (await whole([taskRunFromItem(item)]))[0];
    },

    async readStates(id) {
      return (await statesOf(id)).map(({ state }) => state);
    },

    async readState(stateId) {
      const key = await findTaskState({ client, table }, stateId);
      const item = key === undefined ? undefined : await get(client, table, key);
      return item === undefined
        ? undefined
        : { ...taskStateFromItem(item), taskRunId: taskRunIdOfPartition(String(item['pk'])) };
    },
  };
}

const requestsAtOnce = 8;
const mostRaces = 5;
const partitionsAtOnce = 32;

function besideKeys({ taskRun, inputs, isStateBeside }: StoredTaskRun): Key[] {
  return [
    ...(inputs === undefined ? [] : inputsKeys(taskRun.id, inputs)),
    ...(isStateBeside ? [taskStateKey(taskRun.id, taskRun.state)] : []),
  ];
}

function withBeside({ taskRun, inputs }: StoredTaskRun, items: readonly Item[]): TaskRun {
  const [states, pieces] = [true, false].map((isState) =>
    items.filter(({ sk }) => String(sk).startsWith(taskStatePrefix) === isState),
  );
  const [state] = (states ?? []).map((item) => taskStateFromItem(item).state);
  return {
    ...taskRun,
    ...(state === undefined ? {} : { state }),
    ...(inputs === undefined ? {} : { taskInputs: inputsFromItems(pieces ?? []) }),
  };
}

type Writes = Pick<
  TaskRuns,
  'create' | 'claimKey' | 'keepStates' | 'putRecorded' | 'changeRecorded' | 'change' | 'remove' | 'removeAll'
>;

function createWrites(options: TaskRunStoreOptions): Writes {
  const { client, table, sha256 } = options;
  const { read } = createReads(options);

  /** Large inputs are written before a head names them, and only when they are other ones. */
  const keepInputs = async (after: TaskRun, before?: TaskRun) => {
    const large = largeInputs(after, sha256);
    const isKept = before !== undefined && large?.ref.id === largeInputs(before, sha256)?.ref.id;
    if (large !== undefined && !isKept) await putMany(client, table, large.items);
    return large?.ref;
  };

  const holderOf = async (taskRun: Parameters<typeof naturalKeyOf>[0]): Promise<string | undefined> => {
    const item = await get(client, table, naturalKeyOf(taskRun, sha256));
    return item === undefined ? undefined : String(item['task_run_id']);
  };

  return {
    async create(taskRun) {
      const inputs = await keepInputs(taskRun);
      for (let race = 0; race < mostRaces; race += 1) {
        const write = await transact(client, newTaskRunItems(options, taskRun, inputs));
        if (write === 'written') return { kind: 'created', taskRun: { ...taskRun, version: 1 } };
        const holder = await holderOf(taskRun);
        const there = holder === undefined ? undefined : await read(holder);
        if (there !== undefined) return { kind: 'exists', taskRun: there };
        if ((await read(taskRun.id)) !== undefined) return { kind: 'taken' };
      }
      throw conflict(`task run ${taskRun.id} is created and deleted by others at the same time`);
    },

    async claimKey(key, id) {
      const natural = { ...naturalKeyOf(key, sha256), format: 1, task_run_id: id };
      const write = await put(client, {
        TableName: table,
        Item: natural,
        ConditionExpression: 'attribute_not_exists(pk) OR task_run_id = :mine',
        ExpressionAttributeValues: { ':mine': id },
      });
      if (write === 'written') return id;
      const holder = await holderOf(key);
      if (holder === undefined) throw conflict(`the key of task run ${id} was given up while it was claimed`);
      return holder;
    },

    async keepStates(states) {
      await putMany(client, table, states.map(taskStateItem));
    },

    async putRecorded(taskRun) {
      return put(client, newTaskRunHead(options, taskRun, await keepInputs(taskRun)));
    },

    async changeRecorded(move) {
      const inputs = await keepInputs(move.after, move.before);
      return put(client, taskRunHeadMove(options, { ...move, inputs }));
    },

    async change(move) {
      const inputs = await keepInputs(move.after, move.before);
      return transact(client, taskRunMoveItems(options, { ...move, inputs }));
    },

    async remove(taskRun) {
      const { Item: claim } = keyClaim(options, taskRun);
      const holder = await holderOf(taskRun);
      const write = await transact(client, [
        {
          Delete: {
            TableName: table,
            Key: taskRunKey(taskRun.id),
            ConditionExpression: 'version = :version',
            ExpressionAttributeValues: { ':version': taskRun.version },
          },
        },
        ...(holder === taskRun.id ? [{ Delete: { TableName: table, Key: { pk: claim.pk, sk: claim.sk } } }] : []),
      ]);
      if (write === 'written') await sweepBehind(options, taskRun.id);
      return write;
    },

    async removeAll(ids) {
      const heads = await getMany(client, table, ids.map(taskRunKey));
      const claims = heads.map((item) => naturalKeyOf(taskRunFromItem(item).taskRun, sha256));
      const keys: Key[] = [];
      for (let at = 0; at < ids.length; at += partitionsAtOnce) {
        const some = ids.slice(at, at + partitionsAtOnce).map((id) => keysOf(options, id));
        keys.push(...(await Promise.all(some)).flat());
      }
      // The heads last: should this end half-way, what is left can be found again.
      const isHead = ({ pk, sk }: Key) => sk === taskRunKey(taskRunIdOfPartition(pk)).sk;
      await removeMany(client, table, [...claims, ...keys.filter((key) => !isHead(key))]);
      await removeMany(client, table, keys.filter(isHead));
    },
  };
}

/** What a deleted task run leaves: states and inputs. */
async function sweepBehind(options: TaskRunStoreOptions, id: string): Promise<void> {
  const { sk: head } = taskRunKey(id);
  const keys = (await keysOf(options, id)).filter(({ sk }) => sk !== head);
  await removeMany(options.client, options.table, keys);
}

async function keysOf({ client, table }: TaskRunStoreOptions, id: string): Promise<Key[]> {
  const items = await queryAll(client, {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': taskRunPartition(id) },
    ProjectionExpression: 'pk, sk',
  });
  return items.map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) }));
}

function conflict(what: string): Error {
  return Object.assign(new Error(what), { name: 'TransactionConflictException' });
}
