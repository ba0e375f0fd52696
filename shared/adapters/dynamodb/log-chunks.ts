// How log lines are packed: the lines of one owner and at most ten seconds in one compressed item. The bound on time is
// what lets a reader that goes backwards know which lines can no longer come.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { LogLine } from '../../domain/catalogue.ts';
import { derivedId, type Sha256 } from '../../domain/identity.ts';
import type { NewLogLine } from '../../ports/logs.ts';

/** Milliseconds between the first and the last line of a chunk at most. */
export const chunkSpan = 10_000;
/** Bytes of lines in a chunk before compression; one longer line is a chunk of its own. */
const largestChunkBytes = 256_000;
/** Bytes of one item's data; DynamoDB takes 400 KB with keys and attributes. */
const largestPartBytes = 380_000;

/** Lines that belong to nobody. */
const nobody = '-';

function ownerOf({ flowRunId, taskRunId }: Pick<LogLine, 'flowRunId' | 'taskRunId'>): string {
  return flowRunId ?? taskRunId ?? nobody;
}

type PackedLine = readonly [
  time: number,
  level: number,
  name: string,
  message: string,
  ids: readonly (string | null)[],
];

export type Chunk = {
  readonly id: string;
  readonly ownerId: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly highestLevel: number;
  readonly created: number;
  readonly count: number;
  /** More than one where a line is too long for an item. */
  readonly parts: readonly Uint8Array[];
  readonly lines: readonly LogLine[];
};

/** The chunks of a batch. Ids are made of the content, so that a batch that comes again is known. */
export function chunksOf(lines: readonly NewLogLine[], sha256: Sha256): Chunk[] {
  const owned = Map.groupBy(lines, ownerOf);
  return [...owned].flatMap(([ownerId, own]) => grouped(own).map((group) => chunkOf(ownerId, group, sha256)));
}

function grouped(lines: readonly NewLogLine[]): NewLogLine[][] {
  const groups: NewLogLine[][] = [];
  let bytes = 0;
  let firstAt = 0;
  // A stable sort: lines of one time stay as they were sent.
  for (const line of lines.toSorted((one, other) => one.timestamp - other.timestamp)) {
    const lineBytes = Buffer.byteLength(line.message) + line.name.length + 64;
    const last = groups.at(-1);
    if (last === undefined || bytes + lineBytes > largestChunkBytes || line.timestamp - firstAt > chunkSpan) {
      groups.push([line]);
      bytes = lineBytes;
      firstAt = line.timestamp;
    } else {
      last.push(line);
      bytes += lineBytes;
    }
  }
  return groups;
}

function chunkOf(ownerId: string, lines: readonly NewLogLine[], sha256: Sha256): Chunk {
  const packed = lines.map(({ timestamp, level, name, message, flowRunId, taskRunId, workerId }): PackedLine => {
    return [timestamp, level, name, message, [flowRunId ?? null, taskRunId ?? null, workerId ?? null]];
  });
  const text = JSON.stringify(packed);
  const id = derivedId(sha256, 'log-chunk', [ownerId, text]);
  const data = zstdCompressSync(Buffer.from(text));
  const times = lines.map(({ timestamp }) => timestamp);
  return {
    id,
    ownerId,
    firstAt: Math.min(...times),
    lastAt: Math.max(...times),
    highestLevel: Math.max(...lines.map(({ level }) => level)),
    created: lines[0]?.created ?? 0,
    count: lines.length,
    parts: Array.from({ length: Math.ceil(data.length / largestPartBytes) }, (_, at) =>
      data.subarray(at * largestPartBytes, (at + 1) * largestPartBytes),
    ),
    lines: lines.map((line, at) => ({ ...line, id: lineId(sha256, id, at) })),
  };
}

function lineId(sha256: Sha256, chunkId: string, at: number): string {
  return derivedId(sha256, 'log-line', [chunkId, String(at)]);
}

/** The lines of a chunk as it was stored. */
export function openChunk(
  { id, created, data }: { readonly id: string; readonly created: number; readonly data: Uint8Array },
  sha256: Sha256,
): LogLine[] {
  const packed: PackedLine[] = JSON.parse(zstdDecompressSync(data).toString('utf8'));
  return packed.map(([timestamp, level, name, message, [flowRunId, taskRunId, workerId]], at) => ({
    id: lineId(sha256, id, at),
    created,
    name,
    level,
    message,
    timestamp,
    ...(flowRunId ? { flowRunId } : {}),
    ...(taskRunId ? { taskRunId } : {}),
    ...(workerId ? { workerId } : {}),
  }));
}
