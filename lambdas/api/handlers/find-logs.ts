// Lists of log lines. They are kept by run, so a list reads the runs that its filter names, chunk by chunk and merged by
// time; a filter that names none reads all runs, as long as there are few.

import type { LogLine } from '../../../shared/domain/catalogue.ts';
import { type LogFilter, matchesLog } from '../../../shared/domain/filter/log-filter.ts';
import type { LogBatch, LogRequest } from '../../../shared/ports/logs.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import type { Window } from './paging.ts';

/** Logs of so many runs can be merged in one list. */
const mostRuns = 100;
/** What one request looks at; about 100 MB of text. */
const mostLines = 300_000;
/** Lines that belong to no run. */
const nobody = '-';

export type LogQuery = {
  readonly filter: LogFilter | null | undefined;
  readonly order: 'ASC' | 'DESC';
  readonly window: Window;
};

/** @throws Refusal invalid_request when too much would have to be read; it says which filter to add */
export async function findLogs(deps: ApiDeps, { filter, order, window }: LogQuery): Promise<readonly LogLine[]> {
  const owners = await ownersOf(deps, filter);
  const isPlain = owners.length === 1 && isOnlyByRun(filter);
  const request: LogRequest = { order, ...boundsOf(filter), ...(isPlain ? { skip: window.offset } : {}) };
  const found: LogLine[] = [];
  let left = window.offset;
  let read = 0;
  if (window.limit === 0) return found;
  for await (const { lines, skipped } of merged(
    owners.map((owner) => deps.logs.read(owner, request)),
    order,
  )) {
    left -= skipped;
    read += lines.length;
    for (const line of lines) {
      if (filter && !matchesLog(filter, line)) continue;
      left -= 1;
      if (left < 0) found.push(line);
      if (found.length === window.limit) return found;
    }
    if (read > mostLines) throw tooMany(`${mostLines} log lines`, 'logs.timestamp with after_ and before_');
  }
  return found;
}

function isOnlyByRun(filter: LogFilter | null | undefined): boolean {
  const asked = Object.entries(filter ?? {}).filter(([, part]) => part !== undefined && part !== null);
  return filter?.operator !== 'or_' && asked.every(([name]) => name === 'flow_run_id' || name === 'operator');
}

function boundsOf(filter: LogFilter | null | undefined): Pick<LogRequest, 'after' | 'before' | 'leastLevel'> {
  if (!filter || filter.operator === 'or_') return {};
  const { after_: after, before_: before } = filter.timestamp ?? {};
  const leastLevel = filter.level?.ge_;
  return {
    ...(typeof after === 'number' ? { after } : {}),
    ...(typeof before === 'number' ? { before } : {}),
    ...(typeof leastLevel === 'number' ? { leastLevel } : {}),
  };
}

function tooMany(what: string, cure: string): Refusal {
  return new Refusal('invalid_request', `more than ${what} would have to be read for this filter: add ${cure}`);
}

/** Whose lines the filter can mean. */
async function ownersOf(deps: ApiDeps, filter: LogFilter | null | undefined): Promise<readonly string[]> {
  const owners = await namedOwners(deps, filter);
  const unique = [...new Set(owners)];
  if (unique.length > mostRuns) throw tooMany(`the log lines of ${mostRuns} runs`, 'logs.flow_run_id.any_');
  return unique;
}

async function namedOwners(deps: ApiDeps, filter: LogFilter | null | undefined): Promise<readonly string[]> {
  if (filter?.operator !== 'or_') {
    const runs = filter?.flow_run_id?.any_;
    if (runs) return runs;
    const tasks = filter?.task_run_id?.any_;
    if (tasks) return [...tasks, ...(await flowRunsOf(deps, tasks))];
  }
  const owners: string[] = [nobody];
  for await (const { ids } of deps.runs.walk({ order: 'DESC' })) {
    owners.push(...ids);
    if (owners.length > mostRuns) return owners;
  }
  return owners;
}

/** A task's lines lie with its flow run; without one, under its own id. */
async function flowRunsOf({ taskRuns }: ApiDeps, ids: readonly string[]): Promise<readonly string[]> {
  return (await taskRuns.readMany(ids)).flatMap(({ flowRunId }) => flowRunId ?? []);
}

type Source = { readonly iterator: AsyncIterator<LogBatch>; lines: LogLine[]; isDone: boolean };

/** Several logs as one: a line is given once no log can have one before it. */
async function* merged(logs: readonly AsyncIterable<LogBatch>[], order: 'ASC' | 'DESC'): AsyncGenerator<LogBatch> {
  const [single] = logs;
  if (logs.length === 1 && single !== undefined) return yield* single;
  const direction = order === 'ASC' ? 1 : -1;
  const sources = logs.map((log): Source => ({ iterator: log[Symbol.asyncIterator](), lines: [], isDone: false }));
  for (;;) {
    await Promise.all(sources.map(refill));
    const open = sources.filter(({ lines }) => lines.length > 0);
    if (open.length === 0) return;
    // Up to the nearest end of what is at hand.
    const ends = open.flatMap(({ lines }) => lines.at(-1)?.timestamp ?? []);
    const end = direction * Math.min(...ends.map((time) => direction * time));
    const lines = open.flatMap((source) => {
      const bound = source.lines.findIndex(({ timestamp }) => direction * (timestamp - end) > 0);
      return source.lines.splice(0, bound < 0 ? source.lines.length : bound);
    });
    yield { lines: lines.sort((one, other) => direction * (one.timestamp - other.timestamp)), skipped: 0 };
  }
}

async function refill(source: Source): Promise<void> {
  while (source.lines.length === 0 && !source.isDone) {
    const { value, done } = await source.iterator.next();
    if (done === true) source.isDone = true;
    else source.lines.push(...value.lines);
  }
}
