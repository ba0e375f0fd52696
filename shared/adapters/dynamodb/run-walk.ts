// Walks the index of all runs by expected start, over its shards at once: what comes next is the best of their heads.

import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Runs } from '../../ports/runs.ts';
import type { RunStoreOptions } from './head-writes.ts';
import type { Item } from './items.ts';
import { indexNames, listAt, listAtRunId, listKey, shards } from './table.ts';

const entriesAPage = 250;
const latest = 253_402_300_799_999;

type Request = Parameters<Runs['walk']>[0];

/** One shard's entries: those that were fetched and not yet given, and where to go on. */
type Shard = { entries: string[]; next: Item | undefined; isDone: boolean };

export function createRunWalk({ client, table }: Pick<RunStoreOptions, 'client' | 'table'>): Pick<Runs, 'walk'> {
  const fetch = async (number: number, shard: Shard, { order, before, after, types }: Request): Promise<number> => {
    const values = Object.fromEntries((types ?? []).map((type, at) => [`:type${at}`, type]));
    const answer = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: indexNames.runs,
        KeyConditionExpression: 'list_key = :key AND list_at BETWEEN :after AND :before',
        ...(types === undefined ? {} : { FilterExpression: `state_type IN (${Object.keys(values).join(', ')})` }),
        ExpressionAttributeValues: {
          ':key': listKey(number),
          ':after': listAt(after ?? 0, ''),
          ':before': listAt(before ?? latest, '~'),
          ...values,
        },
        ScanIndexForward: order === 'ASC',
        Limit: entriesAPage,
        ExclusiveStartKey: shard.next,
      }),
    );
    shard.entries.push(...(answer.Items ?? []).map((item) => String(item['list_at'])));
    shard.next = answer.LastEvaluatedKey;
    shard.isDone = answer.LastEvaluatedKey === undefined;
    return answer.ScannedCount ?? 0;
  };

  return {
    async *walk(request) {
      if (request.types?.length === 0 || (request.after ?? 0) > (request.before ?? latest)) return;
      const states = shards.map((): Shard => ({ entries: [], next: undefined, isDone: false }));
      const direction = request.order === 'ASC' ? 1 : -1;
      for (;;) {
        const empty = states.flatMap((shard, number) =>
          shard.entries.length === 0 && !shard.isDone ? [{ shard, number }] : [],
        );
        const counts = await Promise.all(empty.map(({ shard, number }) => fetch(number, shard, request)));
        const ids = taken(states, direction);
        yield { ids, read: counts.reduce((sum, count) => sum + count, 0) };
        if (states.every(({ entries, isDone }) => entries.length === 0 && isDone)) return;
      }
    },
  };
}

/** What is surely next: all entries up to where a shard has nothing more at hand. */
function taken(states: readonly Shard[], direction: 1 | -1): string[] {
  if (states.some(({ entries, isDone }) => entries.length === 0 && !isDone)) return [];
  const isNearer = (one: string, other: string) => (one < other ? -direction : direction) < 0;
  const ends = states.flatMap(({ entries, isDone }) => (isDone ? [] : [entries.at(-1) ?? '']));
  const end = ends.reduce<string | undefined>(
    (best, one) => (best === undefined || isNearer(one, best) ? one : best),
    undefined,
  );
  const found: string[] = [];
  for (const shard of states) {
    const beyond = shard.entries.findIndex((entry) => end !== undefined && isNearer(end, entry));
    found.push(...shard.entries.splice(0, beyond < 0 ? shard.entries.length : beyond));
  }
  return found.sort((one, other) => (isNearer(one, other) ? -1 : 1)).map(listAtRunId);
}
