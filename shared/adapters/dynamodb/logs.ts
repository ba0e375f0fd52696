// The store of log lines: packed into chunks, because an item a line would cost a write a line.
// A chunk's id is derived from its lines, so a batch that the client sends again replaces itself.
import type { LogLine } from '../../domain/catalogue.ts';
import { derivedId } from '../../domain/identity.ts';
import type { Logs } from '../../ports/logs.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, toItem } from './items.ts';
import { logChunkKey, logsPartition } from './table.ts';
import { pages, put } from './writes.ts';

export type LogsOptions = {
  readonly client: DocumentClient;
  /** The bulk table. */
  readonly table: string;
  readonly sha256: (text: string) => string;
};

const largestChunkBytes = 300_000;
/** A line that no chunk can hold loses its end; the client sends up to 1,000,000 bytes a line. */
const largestLineCharacters = 64_000;

type Chunk = { readonly lines: readonly LogLine[] };

/** Lines are kept by flow run; a line of a task that ran without a flow is kept by its task run. */
export function createLogs({ client, table, sha256 }: LogsOptions): Logs {
  return {
    async append(lines) {
      const items = [...byOwner(lines)].flatMap(([ownerId, owned]) =>
        chunksOf(owned).map((chunk) => {
          const bare = chunk.map(({ id: _id, created: _created, ...line }) => line);
          const chunkId = derivedId(sha256, 'log-chunk', [ownerId, JSON.stringify(bare)]);
          const firstLineAt = Math.min(...chunk.map((line) => line.timestamp));
          return toItem(logChunkKey(ownerId, firstLineAt, chunkId), { lines: chunk } satisfies Chunk);
        }),
      );
      await Promise.all(items.map((Item) => put(client, { TableName: table, Item })));
    },

    async readRun(runId) {
      const lines: LogLine[] = [];
      const query = {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': logsPartition(runId) },
      };
      for await (const page of pages(client, query)) {
        for (const item of page) lines.push(...fromItem<Chunk>(item).lines);
      }
      return lines.sort((one, other) => one.timestamp - other.timestamp);
    },
  };
}

function byOwner(lines: readonly LogLine[]): Map<string, LogLine[]> {
  const owned = new Map<string, LogLine[]>();
  for (const line of lines) {
    // A line that names neither run could never be found again.
    const ownerId = line.flowRunId ?? line.taskRunId;
    if (ownerId === undefined) continue;
    const known = owned.get(ownerId);
    if (known === undefined) owned.set(ownerId, [line]);
    else known.push(line);
  }
  return owned;
}

function chunksOf(lines: readonly LogLine[]): LogLine[][] {
  const chunks: LogLine[][] = [];
  let bytes = 0;
  for (const line of lines.map(shortened)) {
    const lineBytes = Buffer.byteLength(JSON.stringify(line)) + 1;
    const last = chunks.at(-1);
    if (last === undefined || bytes + lineBytes > largestChunkBytes) {
      chunks.push([line]);
      bytes = lineBytes;
    } else {
      last.push(line);
      bytes += lineBytes;
    }
  }
  return chunks;
}

function shortened(line: LogLine): LogLine {
  const { length } = line.message;
  if (length <= largestLineCharacters) return line;
  const kept = line.message.slice(0, largestLineCharacters);
  return { ...line, message: `${kept} … (${length - largestLineCharacters} more characters were not kept)` };
}
