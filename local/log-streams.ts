// Log streams over files that only grow: which lines there are, and when each was written.
// Rule: a line's time is when its last byte was first seen, and once told it never changes.

import { closeSync, mkdirSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

export type LogLine = {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly message: string;
  /** Where the line begins in its file; grows within a stream. */
  readonly offset: number;
  /** Where the next line begins. */
  readonly end: number;
};

export type LogStream = {
  readonly id: number;
  readonly group: string;
  readonly name: string;
  readonly file: string;
  readonly createdAt: number;
};

/** A piece of a stream: `[from, to)` in bytes, both at the beginning of a line. */
export type ByteRange = { readonly from: number; readonly to: number };

/** Lines from the head or from the tail of a range, in the order they were written either way. */
export type LinePage = { readonly range: ByteRange; readonly limit: number; readonly side: 'head' | 'tail' };

type Mark = { readonly end: number; readonly at: number };

// CloudWatch answers at most 1 MiB at once; a single event is cut where the awslogs driver cuts it.
const pageBytes = 1024 * 1024;
const eventBytes = 256 * 1024;
const newline = 0x0a;

const schema = `
  CREATE TABLE IF NOT EXISTS groups (name TEXT PRIMARY KEY, created_at INTEGER);
  CREATE TABLE IF NOT EXISTS streams (
    id INTEGER PRIMARY KEY, "group" TEXT, name TEXT, file TEXT, created_at INTEGER, UNIQUE ("group", name)
  );
  CREATE TABLE IF NOT EXISTS marks (stream INTEGER, "end" INTEGER, at INTEGER, PRIMARY KEY (stream, "end")) WITHOUT ROWID;
`;

const markRow = z.object({ end: z.number(), at: z.number() });
const groupRow = z.object({ name: z.string(), created_at: z.number() });
const spanRow = z.object({ first: z.number().nullable(), last: z.number().nullable() });
const streamRow = z.object({
  id: z.number(),
  group: z.string(),
  name: z.string(),
  file: z.string(),
  created_at: z.number(),
});

export class LogStreams {
  readonly #database: DatabaseSync;
  readonly #now: () => number;
  readonly #open = new Map<number, LogStream>();

  constructor(file: string, now: () => number) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.#database = new DatabaseSync(file);
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
    this.#database.exec(schema);
    this.#now = now;
  }

  addGroup(name: string): void {
    this.#database.prepare('INSERT OR IGNORE INTO groups VALUES (?, ?)').run(name, this.#now());
  }

  groups(): { name: string; createdAt: number }[] {
    const rows = this.#database.prepare('SELECT * FROM groups ORDER BY name').all();
    return rows.map((row) => groupRow.parse(row)).map(({ name, created_at }) => ({ name, createdAt: created_at }));
  }

  /** Makes a file a stream, or takes one up again: what was written meanwhile gets the time of its last write. */
  follow({ group, name, file }: Pick<LogStream, 'group' | 'name' | 'file'>): LogStream {
    this.addGroup(group);
    const insert = this.#database.prepare(
      'INSERT INTO streams ("group", name, file, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    insert.run(group, name, file, this.#now());
    const stream = this.find(group, name);
    if (stream === undefined) throw new Error(`expected log stream ${name} to be stored, it was not`);
    const written = fileStats(file);
    if (written !== undefined) this.#mark(stream, { at: Math.min(written.mtimeMs, this.#now()), isOver: false });
    this.#open.set(stream.id, stream);
    return stream;
  }

  /** Takes note of a stream's last bytes; a last line without a newline counts now. */
  end(stream: LogStream): void {
    if (!this.#open.delete(stream.id)) return;
    this.#mark(stream, { at: this.#now(), isOver: true });
  }

  /** Takes note of what was written to all open streams since the last look. */
  look(): void {
    for (const stream of this.#open.values()) this.#mark(stream, { at: this.#now(), isOver: false });
  }

  find(group: string, name: string): LogStream | undefined {
    const row = this.#database.prepare('SELECT * FROM streams WHERE "group" = ? AND name = ?').get(group, name);
    return row === undefined ? undefined : toStream(row);
  }

  /** The streams of a group whose names begin so, by name. */
  list(group: string, prefix: string): LogStream[] {
    const rows = this.#database
      .prepare('SELECT * FROM streams WHERE "group" = ? AND substr(name, 1, ?) = ? ORDER BY name')
      .all(group, [...prefix].length, prefix);
    return rows.map(toStream);
  }

  /** The times of a stream's first and last line. */
  span(stream: LogStream): { readonly first: number | undefined; readonly last: number | undefined } {
    const row = this.#database
      .prepare('SELECT min(at) AS first, max(at) AS last FROM marks WHERE stream = ?')
      .get(stream.id);
    const { first, last } = spanRow.parse(row);
    return { first: first ?? undefined, last: last ?? undefined };
  }

  /** Where the lines lie whose times are `startTime` or later, and before `endTime`. */
  rangeOf(
    stream: LogStream,
    { startTime = 0, endTime }: { startTime?: number | undefined; endTime?: number | undefined },
  ): ByteRange {
    const open = this.#open.get(stream.id);
    if (open !== undefined) this.#mark(open, { at: this.#now(), isOver: false });
    const endBefore = (time: number): number => {
      const row = this.#database
        .prepare('SELECT "end", at FROM marks WHERE stream = ? AND at < ? ORDER BY "end" DESC LIMIT 1')
        .get(stream.id, time);
      return row === undefined ? 0 : markRow.parse(row).end;
    };
    return { from: endBefore(startTime), to: endBefore(endTime ?? Number.MAX_SAFE_INTEGER) };
  }

  /** Up to `limit` lines, empty ones included, or as many as CloudWatch's 1 MiB holds. */
  read(stream: LogStream, { range, limit, side }: LinePage): LogLine[] {
    const sizeBytes = Math.min(range.to - range.from, pageBytes);
    const start = side === 'head' ? range.from : range.to - sizeBytes;
    const bytes = readBytes(stream.file, start, sizeBytes);
    const pieces = cutLines(bytes, { isStart: start === range.from, isEnd: start + sizeBytes >= range.to });
    const chosen = side === 'head' ? pieces.slice(0, limit) : pieces.slice(-limit);
    return this.#withTimes(
      stream,
      chosen.map((line) => ({ ...line, offset: start + line.offset, end: start + line.end })),
    );
  }

  close(): void {
    this.#database.close();
  }

  #withTimes(stream: LogStream, lines: readonly Piece[]): LogLine[] {
    const first = lines[0];
    if (first === undefined) return [];
    const rows = this.#database
      .prepare('SELECT "end", at FROM marks WHERE stream = ? AND "end" > ? ORDER BY "end"')
      .all(stream.id, first.offset);
    const marks = rows.map((row) => markRow.parse(row));
    let position = 0;
    return lines.map((line) => {
      while ((marks[position]?.end ?? Number.POSITIVE_INFINITY) < line.end) position += 1;
      return { ...line, timestamp: marks[position]?.at ?? this.#now() };
    });
  }

  #mark(stream: LogStream, { at, isOver }: { at: number; isOver: boolean }): void {
    const last = this.#lastMark(stream);
    const size = fileStats(stream.file)?.size ?? 0;
    if (size <= last.end) return;
    const end = isOver ? size : endOfLastLine(stream.file, { from: last.end, to: size });
    if (end <= last.end) return;
    const insert = this.#database.prepare('INSERT OR IGNORE INTO marks VALUES (?, ?, ?)');
    insert.run(stream.id, end, Math.max(last.at, Math.floor(at)));
  }

  #lastMark(stream: LogStream): Mark {
    const row = this.#database
      .prepare('SELECT "end", at FROM marks WHERE stream = ? ORDER BY "end" DESC LIMIT 1')
      .get(stream.id);
    return row === undefined ? { end: 0, at: 0 } : markRow.parse(row);
  }
}

function toStream(row: unknown): LogStream {
  const { created_at, ...rest } = streamRow.parse(row);
  return { ...rest, createdAt: created_at };
}

function fileStats(file: string): Stats | undefined {
  return statSync(file, { throwIfNoEntry: false });
}

function readBytes(file: string, start: number, sizeBytes: number): Buffer {
  if (sizeBytes <= 0) return Buffer.alloc(0);
  const bytes = Buffer.alloc(sizeBytes);
  const descriptor = openSync(file, 'r');
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, sizeBytes, start));
  } finally {
    closeSync(descriptor);
  }
}

/** Where the last complete line ends; a line that is longer than an event counts as far as it got. */
function endOfLastLine(file: string, { from, to }: ByteRange): number {
  const start = Math.max(from, to - eventBytes);
  const found = readBytes(file, start, to - start).lastIndexOf(newline);
  if (found >= 0) return start + found + 1;
  return to - from > eventBytes ? to : from;
}

type Piece = { readonly offset: number; readonly end: number; readonly message: string };

/**
 * Cuts bytes into lines. A line that has no beginning or no end in these bytes is left out,
 * unless the range itself begins or ends there.
 */
function cutLines(bytes: Buffer, { isStart, isEnd }: { isStart: boolean; isEnd: boolean }): Piece[] {
  const pieces: Piece[] = [];
  let offset = isStart ? 0 : bytes.indexOf(newline) + 1;
  while (offset < bytes.length) {
    const found = bytes.indexOf(newline, offset);
    const stop = found < 0 ? bytes.length : found;
    const isTooLong = stop - offset > eventBytes;
    if (found < 0 && !isEnd && !isTooLong) break;
    const textEnd = isTooLong ? offset + eventBytes : stop;
    const end = isTooLong || found < 0 ? textEnd : found + 1;
    pieces.push({ offset, end, message: bytes.toString('utf8', offset, textEnd) });
    offset = end;
  }
  return pieces;
}
