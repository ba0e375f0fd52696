// Lists of runs from the sharded indexes: hints of where to look, never grounds for a claim.
import type { Lane } from '../../domain/run/run.ts';
import type { DueItem, Runs } from '../../ports/runs.ts';
import type { RunStoreOptions } from './head-writes.ts';
import type { Item } from './items.ts';
import {
  attemptPrefix,
  childrenKey,
  dueKey,
  firingIdOfPartition,
  indexNames,
  laneAt,
  laneAtParts,
  laneFromItemKey,
  laneKey,
  laneShards,
  listAt,
  listAtRunId,
  listKey,
  runIdOfPartition,
  shards,
  triggerStateIdOf,
} from './table.ts';
import { pages, queryAll } from './writes.ts';

/** The last millisecond of the year 9999. */
const endOfTime = 253_402_300_799_999;

type Lists = Pick<Runs, 'list' | 'waiting' | 'due' | 'openAttempts' | 'ofParents'>;

export function createRunLists({ client, table }: Pick<RunStoreOptions, 'client' | 'table'>): Lists {
  const query = (index: keyof typeof indexNames, condition: string, values: Item) => ({
    TableName: table,
    IndexName: indexNames[index],
    KeyConditionExpression: condition,
    ExpressionAttributeValues: values,
  });

  /** The first `limit` of one index partition; DynamoDB pages by bytes, so one page may hold fewer. */
  const firstOf = async (input: ReturnType<typeof query> & { ScanIndexForward?: boolean }, limit: number) => {
    const found: Item[] = [];
    for await (const page of pages(client, { ...input, Limit: limit })) {
      found.push(...page);
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  };

  return {
    async list({ limit, cursor, before, after }) {
      // DynamoDB refuses a span that ends before it begins.
      if ((after ?? 0) > (before ?? endOfTime)) return { items: [] };
      const lists = await Promise.all(
        shards.map((shard) =>
          firstOf(
            {
              ...query('runs', 'list_key = :key AND list_at BETWEEN :after AND :before', {
                ':key': listKey(shard),
                ':after': listAt(after ?? 0, ''),
                ':before': cursor ?? listAt(before ?? endOfTime, '~'),
              }),
              ScanIndexForward: false,
            },
            limit + 1,
          ),
        ),
      );
      const newest = lists
        .flat()
        .map((item) => String(item['list_at']))
        .filter((at) => at !== cursor)
        .sort()
        .reverse()
        .slice(0, limit);
      const last = newest.at(-1);
      const items = newest.map(listAtRunId);
      return newest.length < limit || last === undefined ? { items } : { items, cursor: last };
    },

    async waiting(lane, { until, limit }) {
      // DynamoDB refuses to be asked for nothing.
      if (limit < 1) return [];
      const lists = await Promise.all(
        laneShards.map((shard) =>
          firstOf(
            query('lane', 'lane_key = :key AND lane_at <= :until', {
              ':key': laneKey(lane, shard),
              ':until': laneAt(until, '~'),
            }),
            limit,
          ),
        ),
      );
      return lists
        .flat()
        .map((item) => String(item['lane_at']))
        .sort()
        .slice(0, limit)
        .map(laneAtParts);
    },

    async due(kind, { until, limit }) {
      const lists = await Promise.all(
        shards.map((shard) =>
          firstOf(
            query('due', 'due_key = :key AND due_at <= :until', { ':key': dueKey(kind, shard), ':until': until }),
            limit,
          ),
        ),
      );
      return lists
        .flat()
        .map((item) => dueItem(kind, item))
        .sort((one, other) => one.dueAt - other.dueAt)
        .slice(0, limit);
    },

    async ofParents(parentTaskRunIds) {
      const lists = await Promise.all(
        parentTaskRunIds.map((id) =>
          queryAll(client, query('parent', 'parent_key = :key', { ':key': childrenKey(id) })),
        ),
      );
      return lists.flat().map((item) => runIdOfPartition(String(item['pk'])));
    },

    async *openAttempts() {
      for (const shard of shards) {
        const items = await queryAll(client, query('due', 'due_key = :key', { ':key': dueKey('attempt', shard) }));
        for (const item of items) {
          const arn = item['task_arn'];
          const cluster = item['cluster'];
          yield {
            ...attemptIds(item),
            dueAt: Number(item['due_at']),
            ...(typeof arn === 'string' ? { taskArn: arn } : {}),
            ...(typeof cluster === 'string' ? { cluster } : {}),
          };
        }
      }
    },
  };
}

function attemptIds(item: Item): { runId: string; attempt: number } {
  return {
    runId: runIdOfPartition(String(item['pk'])),
    attempt: Number(String(item['sk']).slice(attemptPrefix.length)),
  };
}

function dueItem(kind: DueItem['kind'], item: Item): DueItem {
  const dueAt = Number(item['due_at']);
  switch (kind) {
    case 'run': {
      const lane = item['lane'] as Lane | undefined;
      return { kind, runId: runIdOfPartition(String(item['pk'])), dueAt, ...(lane === undefined ? {} : { lane }) };
    }
    case 'attempt':
      return { kind, ...attemptIds(item), dueAt };
    case 'heartbeat':
      return { kind, runId: runIdOfPartition(String(item['pk'])), dueAt };
    case 'plan':
      return { kind, deploymentId: String(item['sk']), dueAt };
    case 'trigger':
      return { kind, stateId: triggerStateIdOf(String(item['pk'])), dueAt };
    case 'firing':
      return { kind, firingId: firingIdOfPartition(String(item['pk'])), dueAt };
    case 'lane':
      return { kind, lane: laneFromItemKey({ pk: String(item['pk']), sk: String(item['sk']) }), dueAt };
  }
}
