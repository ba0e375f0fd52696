import { appendFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetLogEventsCommand,
  type GetLogEventsCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AwsEndpoint, startAwsEndpoint } from '../../local/aws-endpoint.ts';
import { createLocalLogs, type LocalLogs } from '../../local/logs.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { credentials } from './local-ecs-stack.ts';

const start = Date.UTC(2026, 0, 1);
const clock = { time: start, now: () => clock.time };

let folder: TempDir;
let logs: LocalLogs;
let endpoint: AwsEndpoint;
let client: CloudWatchLogsClient;

beforeEach(async () => {
  clock.time = start;
  folder = await tempDir('slipway-logs-');
  await open();
});

afterEach(async () => {
  await close();
  await folder.remove();
});

async function open(): Promise<void> {
  logs = createLocalLogs({ dataDir: folder.path, clock, groups: ['/empty'] });
  endpoint = await startAwsEndpoint({ port: 0, services: { logs: logs.service } });
  client = clientOf(endpoint.url);
}

async function close(): Promise<void> {
  client.destroy();
  await endpoint.close();
  await logs.close();
}

function clientOf(url: string): CloudWatchLogsClient {
  return new CloudWatchLogsClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 });
}

/** A stream that writes lines at the times it is told. */
function aStream(stream: string, group = '/tasks') {
  const file = path.join(folder.path, stream.replaceAll('/', '-'));
  writeFileSync(file, '');
  const followed = logs.follow({ group, stream, file });
  const write = async (time: number, text: string) => {
    // Looked at before and after, as the timer of the service does, so that the text gets this time and no other.
    await get({ logStreamName: stream, logGroupName: group });
    clock.time = start + time;
    appendFileSync(file, text);
    await get({ logStreamName: stream, logGroupName: group });
  };
  return { file, end: followed.end, write };
}

function get(input: Omit<GetLogEventsCommandInput, 'logGroupName'> & { logGroupName?: string }) {
  return client.send(new GetLogEventsCommand({ logGroupName: '/tasks', ...input }));
}

function filter(input: Omit<FilterLogEventsCommandInput, 'logGroupName'>) {
  return client.send(new FilterLogEventsCommand({ logGroupName: '/tasks', ...input }));
}

function textsOf(reply: { events?: { message?: string | undefined }[] | undefined }): (string | undefined)[] {
  return reply.events?.map((event) => event.message) ?? [];
}

describe('GetLogEvents', () => {
  it('gives the lines of a stream with the times they were written', async () => {
    const stream = aStream('x/main/1');
    await stream.write(0, 'one\ntwo\n\n');
    await stream.write(5_000, 'three\nnot yet whole');

    const reply = await get({ logStreamName: 'x/main/1' });

    expect(reply.events).toEqual([
      { message: 'one', timestamp: start, ingestionTime: start },
      { message: 'two', timestamp: start, ingestionTime: start },
      { message: 'three', timestamp: start + 5_000, ingestionTime: start + 5_000 },
    ]);
  });

  it('gives a last line without a newline once the stream has ended', async () => {
    const stream = aStream('ended');
    await stream.write(0, 'one\ncut off');
    const before = await get({ logStreamName: 'ended' });

    stream.end();

    expect(textsOf(before)).toEqual(['one']);
    expect(textsOf(await get({ logStreamName: 'ended' }))).toEqual(['one', 'cut off']);
  });

  it('takes the start time in and leaves the end time out', async () => {
    const stream = aStream('timed');
    for (const time of [0, 1_000, 2_000]) await stream.write(time, `at ${time}\n`);

    const reply = await get({ logStreamName: 'timed', startTime: start + 1_000, endTime: start + 2_000 });

    expect(textsOf(reply)).toEqual(['at 1000']);
  });

  it('follows a stream by its forward token, which stays the same at the end', async () => {
    const stream = aStream('followed');
    await stream.write(0, 'one\ntwo\nthree\n');

    const first = await get({ logStreamName: 'followed', startFromHead: true, limit: 2 });
    const second = await get({ logStreamName: 'followed', nextToken: first.nextForwardToken });
    const atEnd = await get({ logStreamName: 'followed', nextToken: second.nextForwardToken });
    await stream.write(1_000, 'four\n');
    const later = await get({ logStreamName: 'followed', nextToken: atEnd.nextForwardToken });

    expect([first, second, atEnd, later].map(textsOf)).toEqual([['one', 'two'], ['three'], [], ['four']]);
    expect(atEnd.nextForwardToken).toBe(second.nextForwardToken);
  });

  it('gives the newest lines first, and older ones by its backward token', async () => {
    const stream = aStream('backward');
    await stream.write(0, 'one\ntwo\nthree\n');

    const newest = await get({ logStreamName: 'backward', limit: 2 });
    const older = await get({ logStreamName: 'backward', limit: 2, nextToken: newest.nextBackwardToken });
    const oldest = await get({ logStreamName: 'backward', limit: 2, nextToken: older.nextBackwardToken });

    expect([newest, older, oldest].map(textsOf)).toEqual([['two', 'three'], ['one'], []]);
  });

  it('loses no line of an output that is larger than a page', async () => {
    const stream = aStream('large');
    const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} ${'x'.repeat(60)}`);
    await stream.write(0, `${lines.join('\n')}\n`);

    const seen: (string | undefined)[] = [];
    let nextToken: string | undefined;
    for (let isAtEnd = false; !isAtEnd; ) {
      const page = await get({ logStreamName: 'large', startFromHead: true, nextToken });
      seen.push(...textsOf(page));
      isAtEnd = page.nextForwardToken === nextToken;
      nextToken = page.nextForwardToken;
    }

    expect(seen).toEqual(lines);
  });

  it('cuts a line that is longer than an event', async () => {
    const stream = aStream('long');
    await stream.write(0, `${'y'.repeat(300 * 1024)}\nnext\n`);

    const reply = await get({ logStreamName: 'long', startFromHead: true });

    expect(textsOf(reply).map((text) => text?.length)).toEqual([256 * 1024, 44 * 1024, 4]);
  });

  it.each([
    ['stream', { logStreamName: 'nothing' }, 'The specified log stream does not exist.'],
    ['group', { logStreamName: 'x', logGroupName: '/nothing' }, 'The specified log group does not exist.'],
  ])('answers ResourceNotFoundException for a missing %s', async (_, input, message) => {
    aStream('x');

    const call = get(input);

    await expect(call).rejects.toMatchObject({ name: 'ResourceNotFoundException', message });
  });

  it.each([[{ limit: 0 }], [{ limit: 10_001 }], [{ nextToken: 'x' }]])('refuses %o', async (input) => {
    aStream('x');

    const call = get({ logStreamName: 'x', ...input });

    await expect(call).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('after a restart', () => {
  it('lines keep their times, and those written meanwhile get the time of the last write', async () => {
    const stream = aStream('kept');
    await stream.write(1_000, 'one\n');
    await close();
    appendFileSync(stream.file, 'two\n');
    utimesSync(stream.file, new Date(start + 4_000), new Date(start + 4_000));
    clock.time = start + 60_000;

    await open();
    logs.follow({ group: '/tasks', stream: 'kept', file: stream.file });
    const reply = await get({ logStreamName: 'kept' });

    expect(reply.events?.map(({ message, timestamp }) => [message, timestamp])).toEqual([
      ['one', start + 1_000],
      ['two', start + 4_000],
    ]);
  });
});

describe('FilterLogEvents', () => {
  it('merges the streams of a group by time, in pages that miss nothing', async () => {
    const left = aStream('left/1');
    const right = aStream('right/1');
    await left.write(0, 'l0\n');
    await right.write(1_000, 'r1\nr1b\n');
    await left.write(2_000, 'l2\n');

    const first = await filter({ limit: 2 });
    const second = await filter({ limit: 2, nextToken: first.nextToken });

    expect([first, second].map(textsOf)).toEqual([
      ['l0', 'r1'],
      ['r1b', 'l2'],
    ]);
    expect(first.events?.[1]).toMatchObject({
      logStreamName: 'right/1',
      timestamp: start + 1_000,
      eventId: expect.any(String),
    });
    expect(second.nextToken).toBeUndefined();
  });

  it('takes streams by name or by prefix', async () => {
    for (const name of ['a/1', 'a/2', 'b/1']) await aStream(name).write(0, `${name}\n`);

    const byName = await filter({ logStreamNames: ['b/1'] });
    const byPrefix = await filter({ logStreamNamePrefix: 'a/' });

    expect(textsOf(byName)).toEqual(['b/1']);
    expect(textsOf(byPrefix)).toEqual(['a/1', 'a/2']);
  });

  it.each([
    ['error', ['an error here', 'error: timeout']],
    ['error timeout', ['error: timeout']],
    ['"an error"', ['an error here']],
    ['error -timeout', ['an error here']],
    ['?timeout ?fine', ['error: timeout', 'all fine']],
  ])('understands the pattern %s', async (filterPattern, expected) => {
    await aStream('patterns').write(0, 'an error here\nerror: timeout\nall fine\n');

    const reply = await filter({ filterPattern });

    expect(textsOf(reply)).toEqual(expected);
  });

  it('refuses a pattern that it does not understand', async () => {
    aStream('patterns');

    const call = filter({ filterPattern: '{ $.level = "error" }' });

    await expect(call).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('DescribeLogStreams and DescribeLogGroups', () => {
  it('describe streams by name or by their last event', async () => {
    await aStream('a').write(1_000, 'one\n');
    await aStream('b').write(0, 'two\n');

    const byName = await client.send(new DescribeLogStreamsCommand({ logGroupName: '/tasks' }));
    const byTime = await client.send(
      new DescribeLogStreamsCommand({ logGroupName: '/tasks', orderBy: 'LastEventTime', descending: true, limit: 1 }),
    );

    expect(byName.logStreams?.map((stream) => stream.logStreamName)).toEqual(['a', 'b']);
    expect(byTime.logStreams).toMatchObject([
      { logStreamName: 'a', firstEventTimestamp: start + 1_000, lastEventTimestamp: start + 1_000 },
    ]);
    expect(byTime.nextToken).toBeDefined();
  });

  it('describe groups by prefix', async () => {
    aStream('a');

    const all = await client.send(new DescribeLogGroupsCommand({}));
    const some = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/t' }));

    expect(all.logGroups?.map((group) => group.logGroupName)).toEqual(['/empty', '/tasks']);
    expect(some.logGroups?.map((group) => group.logGroupName)).toEqual(['/tasks']);
  });
});
