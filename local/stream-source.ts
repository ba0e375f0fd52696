// Stands in for Lambda's event source mapping of a table's stream: one invocation at a time for each shard, in order.
// Rule: at least once; a position is kept only after the Lambda took everything before it.

import { setTimeout as pause } from 'node:timers/promises';
import {
  DescribeStreamCommand,
  type DescribeStreamCommandOutput,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
  type _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams';
import type { Checkpoints } from './checkpoints.ts';
import { compileEventPattern } from './event-pattern.ts';
import type { Lambda } from './lambda.ts';
import type { EventSource } from './queue-source.ts';
import type { Report } from './report.ts';
import { streamEvent } from './stream-record.ts';

export type StreamSourceOptions = {
  readonly client: DynamoDBStreamsClient;
  readonly streamArn: string;
  readonly checkpoints: Checkpoints;
  readonly batchSize: number;
  /** 0: no window, and then no shard is named in the event. */
  readonly tumblingWindowSeconds: number;
  readonly maxRetries: number;
  readonly maxRecordAgeSeconds: number;
  /** Lambda's filter criteria: records that match none of them are passed over and never seen by the Lambda. */
  readonly filters: readonly object[];
  readonly lambda: Lambda;
  /** Waited for before each read: lets what is more urgent go first. */
  readonly turn?: () => Promise<void>;
  readonly report: Report;
};

type Running = StreamSourceOptions & { readonly stop: AbortSignal };

/** An empty shard is looked at after these pauses, in milliseconds: quick after a record, cheap when idle. */
const idlePauses = { first: 10, last: 250 } as const;
const retryPauses = { first: 100, last: 10_000 } as const;
const shardListSeconds = 60;

export function startStreamSource(options: StreamSourceOptions): EventSource {
  const stop = new AbortController();
  const reading = readShards({ ...options, stop: stop.signal });
  return {
    close: async () => {
      stop.abort();
      await reading;
    },
  };
}

/** Reads every shard, a child only after its parent's end, and looks for new ones from time to time. */
async function readShards(source: Running): Promise<void> {
  const readers = new Map<string, Promise<void>>();
  const finished = new Set<string>();
  while (!source.stop.aborted) {
    const shards = await untilDone(source, 'the stream was not described', () => listShards(source));
    const ids = new Set((shards ?? []).map((shard) => shard.ShardId));
    for (const { ShardId: id, ParentShardId: parent } of shards ?? []) {
      const mustWait = parent !== undefined && ids.has(parent) && !finished.has(parent);
      if (id === undefined || mustWait || readers.has(id)) continue;
      readers.set(
        id,
        readShard(source, id).then(() => void finished.add(id)),
      );
    }
    const open = [...readers].filter(([id]) => !finished.has(id)).map(([, reader]) => reader);
    await Promise.race([...open, rest(source, shardListSeconds * 1000)]);
  }
  await Promise.all(readers.values());
}

async function listShards({ client, streamArn }: Running): Promise<Shard[]> {
  const shards: Shard[] = [];
  let after: string | undefined;
  do {
    const answer: DescribeStreamCommandOutput = await client.send(
      new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: after }),
    );
    shards.push(...(answer.StreamDescription?.Shards ?? []));
    after = answer.StreamDescription?.LastEvaluatedShardId;
  } while (after !== undefined);
  return shards;
}

async function readShard(source: Running, shardId: string): Promise<void> {
  let iterator = await untilDone(source, 'a shard was not opened', () => openShard(source, shardId));
  let idle: number = idlePauses.first;
  while (iterator !== undefined && !source.stop.aborted) {
    try {
      await source.turn?.();
      const answer = await source.client.send(
        new GetRecordsCommand({ ShardIterator: iterator, Limit: source.batchSize }),
        { abortSignal: source.stop },
      );
      const records = answer.Records ?? [];
      await handOver(source, shardId, records.filter(matching(source)));
      // What was passed over is behind us too, unless the stack stopped before all was taken.
      if (!source.stop.aborted) keepPosition(source, shardId, records);
      iterator = answer.NextShardIterator;
      idle = records.length > 0 ? idlePauses.first : Math.min(idle * 2, idlePauses.last);
      if (records.length === 0) await rest(source, idle);
    } catch (error) {
      if (source.stop.aborted) return;
      // Expired or trimmed: the position that was kept, or the oldest record there is, is where to go on.
      source.report('the stream was not read', { error });
      await rest(source, retryPauses.first);
      iterator = await untilDone(source, 'a shard was not opened', () => openShard(source, shardId));
    }
  }
}

function matching({ filters }: Running): (record: StreamRecord) => boolean {
  const patterns = filters.map(compileEventPattern);
  return ({ dynamodb }) => patterns.some((matches) => matches({ dynamodb: { Keys: dynamodb?.Keys } }));
}

async function openShard({ client, streamArn, checkpoints }: Running, shardId: string): Promise<string | undefined> {
  const position = checkpoints.read(streamArn, shardId);
  const shard = { StreamArn: streamArn, ShardId: shardId };
  if (position !== undefined) {
    try {
      const after = { ...shard, ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position } as const;
      return (await client.send(new GetShardIteratorCommand(after))).ShardIterator;
    } catch (error) {
      if (!(error instanceof Error && error.name === 'TrimmedDataAccessException')) throw error;
    }
  }
  return (await client.send(new GetShardIteratorCommand({ ...shard, ShardIteratorType: 'TRIM_HORIZON' })))
    .ShardIterator;
}

/** Invokes until every record was taken or given up; a batch that fails is halved, so that one bad record stands alone. */
async function handOver(source: Running, shardId: string, records: readonly StreamRecord[]): Promise<void> {
  const waiting: (readonly StreamRecord[])[] = records.length > 0 ? [records] : [];
  let failures = 0;
  while (!source.stop.aborted) {
    const batch = waiting.shift();
    if (batch === undefined) return;
    try {
      await source.lambda.invoke(streamEvent({ ...source, shardId }, batch));
      failures = 0;
      keepPosition(source, shardId, batch);
    } catch (error) {
      failures += 1;
      source.report('stream batch failed', { lambda: source.lambda.name, error, records: batch.length, failures });
      if (isHopeless(source, batch, failures)) {
        source.report('stream record given up', { lambda: source.lambda.name, record: batch[0]?.eventID });
        keepPosition(source, shardId, batch);
        failures = 0;
        continue;
      }
      waiting.unshift(...halves(batch));
      await rest(source, Math.min(retryPauses.first * 2 ** Math.min(failures - 1, 10), retryPauses.last));
    }
  }
}

function halves(batch: readonly StreamRecord[]): (readonly StreamRecord[])[] {
  if (batch.length < 2) return [batch];
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}

function isHopeless(source: Running, batch: readonly StreamRecord[], failures: number): boolean {
  if (batch.length > 1) return false;
  const createdAt = batch[0]?.dynamodb?.ApproximateCreationDateTime?.getTime() ?? Date.now();
  return failures > source.maxRetries || Date.now() - createdAt > source.maxRecordAgeSeconds * 1000;
}

function keepPosition(source: Running, shardId: string, batch: readonly StreamRecord[]): void {
  const last = batch.at(-1)?.dynamodb?.SequenceNumber;
  if (last !== undefined) source.checkpoints.write(source.streamArn, shardId, last);
}

async function untilDone<Value>(
  source: Running,
  problem: string,
  work: () => Promise<Value>,
): Promise<Value | undefined> {
  for (let wait: number = retryPauses.first; !source.stop.aborted; wait = Math.min(wait * 2, retryPauses.last)) {
    try {
      return await work();
    } catch (error) {
      if (source.stop.aborted) break;
      source.report(problem, { error });
      await rest(source, wait);
    }
  }
  return undefined;
}

function rest({ stop }: Running, milliseconds: number): Promise<void> {
  return pause(milliseconds, undefined, { signal: stop }).catch(() => undefined);
}
