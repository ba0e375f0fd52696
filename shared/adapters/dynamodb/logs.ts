// The store of log lines: compressed chunks by owner and time (log-chunks.ts). Reading goes chunk by chunk, so that the
// newest page of a long log costs a few of them.
import { BatchWriteCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { LogLine } from '../../domain/catalogue.ts';
import type { LogBatch, LogRequest, Logs } from '../../ports/logs.ts';
import type { DocumentClient } from './client.ts';
import type { Item } from './items.ts';
import { type Chunk, chunkSpan, chunksOf, openChunk } from './log-chunks.ts';
import {
  format,
  type Key,
  logChunkBounds,
  logChunkIdOf,
  logChunkKey,
  logPartKey,
  logPartsPartition,
  logsPartition,
} from './table.ts';
import { pages, put, queryAll } from './writes.ts';

export type LogsOptions = {
  readonly client: DocumentClient;
  /** The bulk table. */
  readonly table: string;
  readonly sha256: (text: string) => string;
  /** Epoch milliseconds; chunks whose time is over are not read, whenever the table removes them. @default Date.now */
  readonly now?: () => number;
};

/** Chunks of the first page; DynamoDB's pages of 1 MB follow. */
const firstPage = 25;
/** Deleted in one call: four requests a hundred, a second or two at most. */
const mostRemoved = 5_000;

export function createLogs(options: LogsOptions): Logs {
  const { client, table, sha256 } = options;

  const write = async (chunk: Chunk, expiresAt: number | undefined): Promise<void> => {
    const expiry = expiresAt === undefined ? {} : { expires_at: Math.ceil(expiresAt / 1000) };
    const [first, ...others] = chunk.parts;
    // The parts go first: a chunk that is there is whole.
    const parts = others.map((data, at) => ({
      ...logPartKey(chunk.ownerId, chunk.id, at + 1),
      format,
      data,
      ...expiry,
    }));
    await Promise.all(parts.map((Item) => put(client, { TableName: table, Item })));
    const { firstAt, lastAt: last_at, highestLevel: level, created, count } = chunk;
    const main = { format, data: first, parts: chunk.parts.length, last_at, level, created, count, ...expiry };
    await put(client, {
      TableName: table,
      Item: { ...logChunkKey(chunk.ownerId, firstAt, chunk.id), ...main },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
  };

  const read = (ownerId: string, request: LogRequest) => readLines(options, ownerId, request);

  return {
    async append(lines, { expiresAt } = {}) {
      const chunks = chunksOf(lines, sha256);
      await Promise.all(chunks.map((chunk) => write(chunk, expiresAt?.(chunk.ownerId))));
      return chunks.flatMap((chunk) => chunk.lines);
    },

    read,

    async readRun(runId) {
      const lines: LogLine[] = [];
      for await (const batch of read(runId, { order: 'ASC' })) lines.push(...batch.lines);
      return lines;
    },

    async remove(ownerId) {
      const partitions = [logsPartition(ownerId), logPartsPartition(ownerId)];
      let removed = 0;
      for (const pk of partitions) {
        for await (const page of keyPages(options, pk)) {
          await removeAll(options, page);
          removed += page.length;
          if (removed >= mostRemoved) return { isDone: false };
        }
      }
      return { isDone: true };
    },
  };
}

async function* keyPages({ client, table }: LogsOptions, pk: string): AsyncGenerator<Key[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
    ProjectionExpression: 'pk, sk',
    Limit: 1_000,
  };
  for await (const page of pages(client, query)) {
    yield page.map((item) => ({ pk: String(item['pk']), sk: String(item['sk']) }));
  }
}

async function removeAll({ client, table }: LogsOptions, keys: readonly Key[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 25) {
    let wanted = keys.slice(at, at + 25).map((key) => ({ DeleteRequest: { Key: { ...key } } }));
    while (wanted.length > 0) {
      const answer = await client.send(new BatchWriteCommand({ RequestItems: { [table]: wanted } }));
      const left = answer.UnprocessedItems?.[table] ?? [];
      wanted = left.flatMap(({ DeleteRequest: one }) =>
        one?.Key === undefined
          ? []
          : [{ DeleteRequest: { Key: { pk: String(one.Key['pk']), sk: String(one.Key['sk']) } } }],
      );
    }
  }
}

type Stored = {
  readonly id: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
  readonly created: number;
  readonly parts: number;
  readonly data: Uint8Array;
};

async function* storedChunks(options: LogsOptions, ownerId: string, request: LogRequest): AsyncGenerator<Stored> {
  const { client, table, now = Date.now } = options;
  const [low, high] = logChunkBounds(
    request.after === undefined ? 0 : request.after - chunkSpan,
    request.before ?? Number.MAX_SAFE_INTEGER / 10,
  );
  const byLevel = request.leastLevel === undefined ? '' : ' AND #level >= :level';
  let start: Item | undefined;
  let limit: number | undefined = firstPage;
  do {
    const answer: { Items?: Item[] | undefined; LastEvaluatedKey?: Item | undefined } = await client.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
        FilterExpression: `(attribute_not_exists(expires_at) OR expires_at > :now)${byLevel}`,
        ...(request.leastLevel === undefined ? {} : { ExpressionAttributeNames: { '#level': 'level' } }),
        ExpressionAttributeValues: {
          ':pk': logsPartition(ownerId),
          ':low': low,
          ':high': high,
          ':now': Math.floor(now() / 1000),
          ...(request.leastLevel === undefined ? {} : { ':level': request.leastLevel }),
        },
        ScanIndexForward: request.order === 'ASC',
        ExclusiveStartKey: start,
        Limit: limit,
      }),
    );
    for (const item of answer.Items ?? []) yield storedChunk(item);
    start = answer.LastEvaluatedKey;
    limit = undefined;
  } while (start !== undefined);
}

function storedChunk(item: Item): Stored {
  const { data } = item;
  const { firstAt, id } = logChunkIdOf(String(item['sk']));
  if (!(data instanceof Uint8Array)) throw new Error(`log chunk ${id} has no data`);
  return {
    id,
    firstAt,
    lastAt: Number(item['last_at']),
    count: Number(item['count']),
    created: Number(item['created']),
    parts: Number(item['parts']),
    data,
  };
}

async function linesOf({ client, table, sha256 }: LogsOptions, ownerId: string, chunk: Stored): Promise<LogLine[]> {
  if (chunk.parts === 1) return openChunk(chunk, sha256);
  const others = await queryAll(client, {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :chunk)',
    ExpressionAttributeValues: { ':pk': logPartsPartition(ownerId), ':chunk': `${chunk.id}#` },
  });
  const parts = others.flatMap(({ data }) => (data instanceof Uint8Array ? [data] : []));
  return openChunk({ ...chunk, data: Buffer.concat([chunk.data, ...parts]) }, sha256);
}

/**
 * Merges chunks that overlap. Going forward, no later chunk has a line before its own first one; going backward, none
 * has a line more than a chunk's span after its first one. What is safe is given away, the rest waits.
 */
async function* readLines(options: LogsOptions, ownerId: string, request: LogRequest): AsyncGenerator<LogBatch> {
  const isUp = request.order === 'ASC';
  const isSafe = (time: number, next: Stored) => (isUp ? time < next.firstAt : time > next.firstAt + 1 + chunkSpan);
  let skip = request.skip ?? 0;
  let skipped = 0;
  const waiting: Waiting[] = [];
  let pending: Stored | undefined;

  const take = async (chunk: Stored, next: Stored | undefined): Promise<void> => {
    const isApart = next === undefined || isSafe(isUp ? chunk.lastAt : chunk.firstAt, next);
    if (waiting.length === 0 && isApart && chunk.count <= skip) {
      skip -= chunk.count;
      skipped += chunk.count;
      return;
    }
    const lines = await linesOf(options, ownerId, chunk);
    waiting.push(...lines.map((line, at) => ({ line, at, chunk: chunk.id })));
    waiting.sort((one, other) => (isUp ? byTime(one, other) : byTime(other, one)));
  };
  const give = (next: Stored | undefined): LogBatch => {
    const bound = next === undefined ? -1 : waiting.findIndex(({ line }) => !isSafe(line.timestamp, next));
    const lines = waiting.splice(0, bound < 0 ? waiting.length : bound).map(({ line }) => line);
    if (lines.length > 0) skip = 0;
    const batch = { lines, skipped };
    skipped = 0;
    return batch;
  };

  for await (const chunk of storedChunks(options, ownerId, request)) {
    if (pending !== undefined) {
      await take(pending, chunk);
      const batch = give(chunk);
      if (batch.lines.length + batch.skipped > 0) yield batch;
    }
    pending = chunk;
  }
  if (pending !== undefined) await take(pending, undefined);
  const last = give(undefined);
  if (last.lines.length + last.skipped > 0) yield last;
}

type Waiting = { readonly line: LogLine; readonly chunk: string; readonly at: number };

/** By time, then by when the line came in; lines of one chunk stay as they were sent. */
function byTime(one: Waiting, other: Waiting): number {
  return (
    one.line.timestamp - other.line.timestamp ||
    one.line.created - other.line.created ||
    (one.chunk < other.chunk ? -1 : one.chunk > other.chunk ? 1 : one.at - other.at)
  );
}
