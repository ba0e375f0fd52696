// CloudWatch Logs over the output of local tasks: the calls that read, in AWS's shapes.
// Rule: groups and streams come from tasks alone; what no task wrote is not found.

import path from 'node:path';
import { z } from 'zod';
import { AwsError, type AwsService, unknownOperation } from './aws-endpoint.ts';
import { parseFilterPattern } from './log-filter.ts';
import { type LogLine, type LogStream, LogStreams } from './log-streams.ts';

export type LocalLogsOptions = {
  /** Holds `logs.db`; the output itself stays where it is written. */
  readonly dataDir: string;
  readonly clock: { now(): number };
  /** Log groups that are there before any task wrote to them. @default none */
  readonly groups?: readonly string[];
};

export type LocalLogs = {
  /** For the signing name `logs`. */
  readonly service: AwsService;
  /** Makes a file that only grows a log stream; `end` is called when nothing more will be written. */
  follow(source: { readonly group: string; readonly stream: string; readonly file: string }): { end(): void };
  close(): Promise<void>;
};

// How exact the times of lines are.
const lookEveryMilliseconds = 250;
const arnPrefix = 'arn:aws:logs:us-east-1:000000000000:log-group:';

export function createLocalLogs({ dataDir, clock, groups = [] }: LocalLogsOptions): LocalLogs {
  const streams = new LogStreams(path.resolve(dataDir, 'logs.db'), () => clock.now());
  for (const group of groups) streams.addGroup(group);
  const timer = setInterval(() => streams.look(), lookEveryMilliseconds);
  const service: AwsService = async (operation, input) => {
    switch (operation) {
      case 'GetLogEvents':
        return getLogEvents(streams, input);
      case 'FilterLogEvents':
        return filterLogEvents(streams, input);
      case 'DescribeLogStreams':
        return describeLogStreams(streams, input);
      case 'DescribeLogGroups':
        return describeLogGroups(streams, input);
      default:
        throw unknownOperation(operation);
    }
  };
  return {
    service,
    follow: ({ group, stream, file }) => {
      const followed = streams.follow({ group, name: stream, file });
      return { end: () => streams.end(followed) };
    },
    close: async () => {
      clearInterval(timer);
      streams.look();
      streams.close();
    },
  };
}

const groupInput = { logGroupName: z.string().optional(), logGroupIdentifier: z.string().optional() };
const timeInput = { startTime: z.number().optional(), endTime: z.number().optional() };

const getInput = z.looseObject({
  ...groupInput,
  ...timeInput,
  logStreamName: z.string(),
  nextToken: z.string().optional(),
  limit: z.int().min(1).max(10_000).default(10_000),
  startFromHead: z.boolean().default(false),
});

const filterInput = z.looseObject({
  ...groupInput,
  ...timeInput,
  logStreamNames: z.array(z.string()).min(1).max(100).optional(),
  logStreamNamePrefix: z.string().optional(),
  filterPattern: z.string().default(''),
  nextToken: z.string().optional(),
  limit: z.int().min(1).max(10_000).default(10_000),
});

const streamsInput = z.looseObject({
  ...groupInput,
  logStreamNamePrefix: z.string().default(''),
  orderBy: z.enum(['LogStreamName', 'LastEventTime']).default('LogStreamName'),
  descending: z.boolean().default(false),
  nextToken: z.string().optional(),
  limit: z.int().min(1).max(50).default(50),
});

const groupsInput = z.looseObject({
  logGroupNamePrefix: z.string().default(''),
  nextToken: z.string().optional(),
  limit: z.int().min(1).max(50).default(50),
});

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw invalid(problems.join('; '));
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

type GroupName = { readonly logGroupName?: string | undefined; readonly logGroupIdentifier?: string | undefined };

function knownGroup(streams: LogStreams, { logGroupName, logGroupIdentifier }: GroupName): string {
  const given = logGroupName ?? logGroupIdentifier;
  if (given === undefined) throw invalid('expected logGroupName or logGroupIdentifier, got neither');
  const name = given.startsWith(arnPrefix) ? given.slice(arnPrefix.length).replace(/:\*$/, '') : given;
  if (streams.groups().some((group) => group.name === name)) return name;
  throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
}

function knownStream(streams: LogStreams, group: string, name: string): LogStream {
  const stream = streams.find(group, name);
  if (stream === undefined) throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
  return stream;
}

/** GetLogEvents: tokens name a place in the stream and a direction; at its end a token leads to itself. */
function getLogEvents(streams: LogStreams, rawInput: unknown): unknown {
  const input = parse(getInput, rawInput);
  const stream = knownStream(streams, knownGroup(streams, input), input.logStreamName);
  const token = parseToken(input.nextToken);
  const window = streams.rangeOf(stream, input);
  const side = token?.side ?? (input.startFromHead ? 'head' : 'tail');
  const place = clamp(token?.offset ?? (side === 'head' ? window.from : window.to), window);
  const range = side === 'head' ? { from: place, to: window.to } : { from: window.from, to: place };
  const lines = streams.read(stream, { range, limit: input.limit, side });
  return {
    events: lines.filter(isEvent).map(({ timestamp, message }) => ({ timestamp, message, ingestionTime: timestamp })),
    nextForwardToken: tokenText('f', lines.at(-1)?.end ?? place),
    nextBackwardToken: tokenText('b', lines[0]?.offset ?? place),
  };
}

// The awslogs driver sends no empty lines.
function isEvent({ message }: LogLine): boolean {
  return message !== '';
}

function clamp(offset: number, { from, to }: { from: number; to: number }): number {
  return Math.min(Math.max(offset, from), to);
}

function tokenText(direction: 'f' | 'b', offset: number): string {
  return `${direction}/${String(offset).padStart(56, '0')}/s`;
}

function parseToken(token: string | undefined): { side: 'head' | 'tail'; offset: number } | undefined {
  if (token === undefined) return undefined;
  const match = /^(?<direction>[fb])\/(?<offset>\d{56})\/s$/.exec(token);
  if (match === null) throw invalid('The specified nextToken is invalid.');
  return { side: match.groups?.['direction'] === 'f' ? 'head' : 'tail', offset: Number(match.groups?.['offset']) };
}

type Found = LogLine & { readonly stream: string };

/** FilterLogEvents: the matching lines of many streams by time; the token names the last line given. */
function filterLogEvents(streams: LogStreams, rawInput: unknown): unknown {
  const input = parse(filterInput, rawInput);
  const matches = parseFilterPattern(input.filterPattern);
  const after = parsePlace(input.nextToken);
  const chosen = chosenStreams(streams, knownGroup(streams, input), input);
  const startTime = Math.max(input.startTime ?? 0, after?.timestamp ?? 0);
  const found = chosen.flatMap((stream) => {
    const isAfter = (line: LogLine) =>
      after === undefined || comparePlaces({ ...line, stream: stream.name }, after) > 0;
    const wanted = (line: LogLine) => isEvent(line) && isAfter(line) && matches(line.message);
    const lines = matchingLines(
      streams,
      { stream, startTime, endTime: input.endTime },
      { wanted, limit: input.limit + 1 },
    );
    return lines.map((line): Found => ({ ...line, stream: stream.name }));
  });
  const page = found.toSorted(comparePlaces).slice(0, input.limit);
  const last = page.at(-1);
  return {
    events: page.map(filteredEvent),
    searchedLogStreams: [],
    ...(last !== undefined && found.length > page.length && { nextToken: placeText(last) }),
  };
}

function chosenStreams(streams: LogStreams, group: string, input: z.infer<typeof filterInput>): LogStream[] {
  const { logStreamNames, logStreamNamePrefix } = input;
  if (logStreamNames === undefined) return streams.list(group, logStreamNamePrefix ?? '');
  if (logStreamNamePrefix !== undefined) throw invalid('expected logStreamNames or logStreamNamePrefix, got both');
  return logStreamNames.map((name) => knownStream(streams, group, name));
}

type Window = { readonly stream: LogStream; readonly startTime: number; readonly endTime: number | undefined };
type Wish = { readonly wanted: (line: LogLine) => boolean; readonly limit: number };

function matchingLines(streams: LogStreams, { stream, ...times }: Window, { wanted, limit }: Wish): LogLine[] {
  const { from, to } = streams.rangeOf(stream, times);
  const lines: LogLine[] = [];
  for (let place = from; place < to && lines.length < limit; ) {
    const page = streams.read(stream, { range: { from: place, to }, limit: 10_000, side: 'head' });
    lines.push(...page.filter(wanted));
    place = page.at(-1)?.end ?? to;
  }
  return lines.slice(0, limit);
}

type Place = Pick<Found, 'timestamp' | 'stream' | 'offset'>;

function comparePlaces(left: Place, right: Place): number {
  if (left.timestamp !== right.timestamp) return left.timestamp - right.timestamp;
  if (left.stream !== right.stream) return left.stream < right.stream ? -1 : 1;
  return left.offset - right.offset;
}

function filteredEvent({ stream, timestamp, message, offset }: Found): unknown {
  const eventId = `${String(timestamp).padStart(28, '0')}${String(offset).padStart(28, '0')}`;
  return { logStreamName: stream, timestamp, message, ingestionTime: timestamp, eventId };
}

const placeSchema = z.object({ timestamp: z.number(), stream: z.string(), offset: z.number() });

function placeText({ timestamp, stream, offset }: Place): string {
  return Buffer.from(JSON.stringify({ timestamp, stream, offset })).toString('base64url');
}

function parsePlace(token: string | undefined): Place | undefined {
  if (token === undefined) return undefined;
  try {
    return placeSchema.parse(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')));
  } catch {
    throw invalid('The specified nextToken is invalid.');
  }
}

function describeLogStreams(streams: LogStreams, rawInput: unknown): unknown {
  const input = parse(streamsInput, rawInput);
  const isByTime = input.orderBy === 'LastEventTime';
  if (isByTime && input.logStreamNamePrefix !== '') {
    throw invalid('Cannot order by LastEventTime with a logStreamNamePrefix.');
  }
  const listed = streams.list(knownGroup(streams, input), input.logStreamNamePrefix);
  const described = listed.map((stream) => ({ stream, ...streams.span(stream) }));
  const ordered = isByTime ? described.toSorted((left, right) => (left.last ?? 0) - (right.last ?? 0)) : described;
  const { items, nextToken } = pageOf(input.descending ? ordered.toReversed() : ordered, input);
  const logStreams = items.map(({ stream, first, last }) => ({
    logStreamName: stream.name,
    arn: `${arnPrefix}${stream.group}:log-stream:${stream.name}`,
    creationTime: stream.createdAt,
    ...(last !== undefined && { firstEventTimestamp: first, lastEventTimestamp: last, lastIngestionTime: last }),
    storedBytes: 0,
  }));
  return { logStreams, ...(nextToken !== undefined && { nextToken }) };
}

function describeLogGroups(streams: LogStreams, rawInput: unknown): unknown {
  const input = parse(groupsInput, rawInput);
  const listed = streams.groups().filter((group) => group.name.startsWith(input.logGroupNamePrefix));
  const { items, nextToken } = pageOf(listed, input);
  const logGroups = items.map(({ name, createdAt }) => ({
    logGroupName: name,
    logGroupArn: `${arnPrefix}${name}`,
    arn: `${arnPrefix}${name}:*`,
    creationTime: createdAt,
    metricFilterCount: 0,
    storedBytes: 0,
    logGroupClass: 'STANDARD',
  }));
  return { logGroups, ...(nextToken !== undefined && { nextToken }) };
}

type PageRequest = { readonly limit: number; readonly nextToken?: string | undefined };

function pageOf<Item>(
  all: readonly Item[],
  { limit, nextToken = '0' }: PageRequest,
): { items: Item[]; nextToken?: string } {
  if (!/^\d+$/.test(nextToken)) throw invalid('The specified nextToken is invalid.');
  const start = Number(nextToken);
  const items = all.slice(start, start + limit);
  return start + limit < all.length ? { items, nextToken: String(start + limit) } : { items };
}
