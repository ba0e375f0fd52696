// Lists of task runs from the indexes `runs` and `parent`: hints of where to look, the heads say what is there.
import type { TaskRuns } from '../../ports/task-runs.ts';
import type { DocumentClient } from './client.ts';
import type { Item } from './items.ts';
import {
  indexNames,
  type Key,
  listAt,
  listAtRunId,
  shards,
  taskListKey,
  taskStateIndexKey,
  tasksOfRunKey,
} from './table.ts';
import { pages, queryAll } from './writes.ts';

type Place = { readonly client: DocumentClient; readonly table: string };
type Lists = Pick<TaskRuns, 'list' | 'ofFlowRun' | 'count'>;

/** The last millisecond of the year 9999. */
const endOfTime = 253_402_300_799_999;

export function createTaskRunLists(place: Place): Lists {
  return {
    async list({ limit, cursor, before, after }) {
      // DynamoDB refuses a span that ends before it begins.
      if ((after ?? 0) > (before ?? endOfTime)) return { items: [] };
      const lists = await Promise.all(
        shards.map((shard) =>
          firstOf(place, limit + 1, {
            IndexName: indexNames.runs,
            KeyConditionExpression: 'list_key = :key AND list_at BETWEEN :after AND :before',
            ExpressionAttributeValues: {
              ':key': taskListKey(shard),
              ':after': listAt(after ?? 0, ''),
              ':before': cursor ?? listAt(before ?? endOfTime, '~'),
            },
            ScanIndexForward: false,
          }),
        ),
      );
      const places = lists.flat().map((item) => String(item['list_at']));
      const newest = places
        .filter((at) => at !== cursor)
        .sort()
        .reverse()
        .slice(0, limit);
      const last = newest.at(-1);
      const items = newest.map(listAtRunId);
      return newest.length < limit || last === undefined ? { items } : { items, cursor: last };
    },

    async ofFlowRun(flowRunId, limit) {
      const items = await firstOf(place, limit, {
        IndexName: indexNames.parent,
        KeyConditionExpression: 'parent_key = :key',
        ExpressionAttributeValues: { ':key': tasksOfRunKey(flowRunId) },
      });
      return items.map((item) => listAtRunId(String(item['parent_at'])));
    },

    async count(limit) {
      const counts = await Promise.all(shards.map((shard) => countOf(place, shard, limit)));
      const sum = counts.reduce((total, count) => total + count, 0);
      return sum > limit ? undefined : sum;
    },
  };
}

type Query = {
  readonly IndexName: string;
  readonly KeyConditionExpression: string;
  readonly ExpressionAttributeValues: Item;
  readonly ScanIndexForward?: boolean;
};

/** DynamoDB pages by bytes, so one page may hold fewer than asked for. */
async function firstOf({ client, table }: Place, limit: number, query: Query): Promise<Item[]> {
  const found: Item[] = [];
  for await (const page of pages(client, { TableName: table, ...query, Limit: limit })) {
    found.push(...page);
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

async function countOf({ client, table }: Place, shard: number, limit: number): Promise<number> {
  const query = {
    TableName: table,
    IndexName: indexNames.runs,
    KeyConditionExpression: 'list_key = :key',
    ExpressionAttributeValues: { ':key': taskListKey(shard) },
    ProjectionExpression: 'pk',
  };
  let count = 0;
  for await (const page of pages(client, query)) {
    count += page.length;
    if (count > limit) break;
  }
  return count;
}

/** Where a state lies, by its id alone. */
export async function findTaskState({ client, table }: Place, stateId: string): Promise<Key | undefined> {
  const [item] = await queryAll(client, {
    TableName: table,
    IndexName: indexNames.parent,
    KeyConditionExpression: 'parent_key = :key',
    ExpressionAttributeValues: { ':key': taskStateIndexKey(stateId) },
  });
  return item === undefined ? undefined : { pk: String(item['pk']), sk: String(item['sk']) };
}
