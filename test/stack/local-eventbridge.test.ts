import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { afterEach, describe, expect, it } from 'vitest';
import { startAwsEndpoint } from '../../local/aws-endpoint.ts';
import { compileEventPattern } from '../../local/event-pattern.ts';
import { type BusEvent, type BusRule, createLocalEventBridge } from '../../local/eventbridge.ts';
import { waitFor } from '../support/wait-for.ts';
import { credentials } from './local-ecs-stack.ts';

const started: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of started.splice(0)) await close();
});

async function startBus(rules: BusRule[], eventBusNames: string[] = []) {
  const bus = createLocalEventBridge({ rules, eventBusNames });
  const endpoint = await startAwsEndpoint({ port: 0, services: { events: bus.service } });
  const client = new EventBridgeClient({ endpoint: endpoint.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  started.push(async () => {
    client.destroy();
    await endpoint.close();
    await bus.close();
  });
  return { bus, put: (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries })) };
}

function aRule(rule: Partial<BusRule> = {}) {
  const events: BusEvent[] = [];
  const deliver = async (event: BusEvent) => void events.push(event);
  return { events, rule: { name: 'a-rule', eventBusName: 'default', pattern: { source: ['mine'] }, deliver, ...rule } };
}

const entry: PutEventsRequestEntry = { Source: 'mine', DetailType: 'Thing Happened', Detail: '{"a":1}' };

describe('PutEvents', () => {
  it('delivers an event in the envelope of EventBridge', async () => {
    const { events, rule } = aRule();
    const { put } = await startBus([rule]);

    const reply = await put({ ...entry, Resources: ['arn:x'], Time: new Date('2026-01-02T03:04:05.678Z') });
    await waitFor('the event', () => events.length === 1);

    expect(reply.FailedEntryCount).toBe(0);
    expect(events).toEqual([
      {
        version: '0',
        id: reply.Entries?.[0]?.EventId,
        'detail-type': 'Thing Happened',
        source: 'mine',
        account: '000000000000',
        time: '2026-01-02T03:04:05Z',
        region: 'us-east-1',
        resources: ['arn:x'],
        detail: { a: 1 },
      },
    ]);
  });

  it('delivers only to the rules of the bus whose pattern matches', async () => {
    const wanted = aRule({ eventBusName: 'own' });
    const others = [aRule({ eventBusName: 'own', pattern: { source: ['other'] } }), aRule()];
    const { put } = await startBus([wanted, ...others].map(({ rule }) => rule));

    await put({ ...entry, EventBusName: 'arn:aws:events:us-east-1:000000000000:event-bus/own' });
    await waitFor('the event', () => wanted.events.length === 1);

    expect(others.flatMap(({ events }) => events)).toEqual([]);
  });

  it('tries a target again until it takes the event', async () => {
    let attempts = 0;
    const { rule } = aRule({
      deliver: async () => {
        attempts += 1;
        if (attempts < 3) throw new Error('the target is away');
      },
    });
    const { put } = await startBus([rule]);

    const reply = await put(entry);
    await waitFor('the third attempt', () => attempts === 3);

    expect(reply.FailedEntryCount).toBe(0);
  });

  it('tells what is wrong with one entry and takes the others', async () => {
    const { events, rule } = aRule();
    const { put } = await startBus([rule]);

    const reply = await put(
      { ...entry, Source: undefined },
      { ...entry, Detail: '[1]' },
      { ...entry, Source: 'aws.ecs' },
      { ...entry, EventBusName: 'misspelled' },
      entry,
    );
    await waitFor('the event', () => events.length === 1);

    expect(reply.FailedEntryCount).toBe(4);
    expect(reply.Entries?.map(({ ErrorCode, ErrorMessage }) => [ErrorCode, ErrorMessage])).toEqual([
      ['InvalidArgument', 'Parameter Source is not valid. Reason: Source is a required argument.'],
      ['MalformedDetail', 'Detail is malformed.'],
      ['NotAuthorizedForSourceException', 'Not authorized for the source.'],
      ['InvalidArgument', 'Event bus misspelled does not exist.'],
      [undefined, undefined],
    ]);
  });

  it.each([
    ['no entry', []],
    ['11 entries', Array.from({ length: 11 }, () => entry)],
    ['more than 1 MiB', [{ ...entry, Detail: JSON.stringify({ a: 'x'.repeat(1024 * 1024) }) }]],
  ])('refuses %s', async (_, entries) => {
    const { put } = await startBus([]);

    await expect(put(...entries)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('publish', () => {
  const event: BusEvent = {
    version: '0',
    id: 'an-id',
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account: '000000000000',
    time: '2026-01-01T00:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: {},
  };

  it('resolves only when the target has taken the event', async () => {
    const steps: string[] = [];
    let attempts = 0;
    const deliver = async () => {
      attempts += 1;
      if (attempts < 3) throw new Error('the target is away');
      steps.push('taken');
    };
    const { bus } = await startBus([aRule({ pattern: { source: ['aws.ecs'] }, deliver }).rule]);

    await bus.publish(event);
    steps.push('published');

    expect(steps).toEqual(['taken', 'published']);
  });

  it('rejects when the bus closes before that', async () => {
    const deliver = () => Promise.reject(new Error('the target is away'));
    const { bus } = await startBus([aRule({ pattern: { source: ['aws.ecs'] }, deliver }).rule]);

    const publishing = bus.publish(event);
    await bus.close();

    await expect(publishing).rejects.toThrow('the bus closed before a-rule took event an-id');
  });
});

const sample = {
  source: 'aws.ecs',
  detail: {
    status: 'STOPPED',
    count: 5,
    ok: true,
    none: null,
    tags: ['red', 'blue'],
    list: [{ n: 1 }, { n: 2 }],
    path: 'a/b*c',
  },
};

describe('an event pattern', () => {
  it.each<[pattern: object, matches: boolean]>([
    [{}, true],
    [{ source: ['aws.s3', 'aws.ecs'] }, true],
    [{ source: ['aws.s3'] }, false],
    [{ source: ['aws.ecs'], detail: { status: ['RUNNING'] } }, false],
    [{ detail: { count: [5], ok: [true], none: [null] } }, true],
    [{ detail: { count: ['5'] } }, false],
    [{ detail: { tags: ['blue'] } }, true],
    [{ detail: { tags: ['green'] } }, false],
    [{ detail: { list: { n: [2] } } }, true],
    [{ detail: { list: { n: [3] } } }, false],
    [{ source: [{ prefix: 'aws.' }] }, true],
    [{ source: [{ prefix: 'AWS.' }] }, false],
    [{ source: [{ prefix: { 'equals-ignore-case': 'AWS.' } }] }, true],
    [{ source: [{ suffix: '.ecs' }] }, true],
    [{ source: [{ suffix: '.s3' }] }, false],
    [{ detail: { status: [{ 'equals-ignore-case': 'stopped' }] } }, true],
    [{ detail: { missing: [{ exists: false }] } }, true],
    [{ detail: { status: [{ exists: false }] } }, false],
    [{ detail: { status: [{ exists: true }] } }, true],
    [{ detail: { missing: { deeper: [{ exists: false }] } } }, true],
    [{ detail: { status: [{ 'anything-but': 'RUNNING' }] } }, true],
    [{ detail: { status: [{ 'anything-but': ['RUNNING', 'STOPPED'] }] } }, false],
    [{ detail: { status: [{ 'anything-but': { prefix: 'STOP' } }] } }, false],
    [{ detail: { status: [{ 'anything-but': { suffix: ['ING', 'X'] } }] } }, true],
    [{ detail: { missing: [{ 'anything-but': 'x' }] } }, false],
    [{ detail: { count: [{ numeric: ['>', 0, '<=', 5] }] } }, true],
    [{ detail: { count: [{ numeric: ['<', 5] }] } }, false],
    [{ detail: { count: [{ numeric: ['=', 5] }] } }, true],
    [{ detail: { status: [{ numeric: ['=', 5] }] } }, false],
    [{ source: [{ wildcard: 'a*.e*s' }] }, true],
    [{ source: [{ wildcard: 'a*.s3' }] }, false],
    [{ source: [{ wildcard: 'aws?ecs' }] }, false],
    [{ detail: { path: [{ wildcard: 'a/b\\*c' }] } }, true],
    [{ detail: { path: [{ wildcard: 'a/\\*c' }] } }, false],
    [{ $or: [{ source: ['other'] }, { detail: { count: [5] } }] }, true],
    [{ detail: { $or: [{ count: [6] }, { status: ['RUNNING'] }] } }, false],
    [{ source: ['aws.ecs'], $or: [{ detail: { ok: [false] } }, { detail: { none: [null] } }] }, true],
  ])('%j: %s', (pattern, matches) => {
    expect(compileEventPattern(pattern)(sample)).toBe(matches);
  });

  it.each([
    ['text', 'event pattern must be a json object'],
    [{ source: 'aws.ecs' }, 'event pattern: pattern.source must be an object or a list of values'],
    [{ source: [] }, 'event pattern: source must list at least one value'],
    [{ source: [{ cidr: '10.0.0.0/8' }] }, 'event pattern: pattern.source uses cidr, known are'],
    [{ source: [{ numeric: ['~', 1] }] }, 'event pattern: pattern.source has a bad operand for numeric'],
    [{ $or: [{ source: ['x'] }] }, 'event pattern: pattern.$or must be a list of two patterns or more'],
  ])('%j is refused', (pattern, message) => {
    expect(() => compileEventPattern(pattern)).toThrow(message);
  });

  it('that cannot be used stops the bus from being made, and names the rule', () => {
    const { rule } = aRule({ pattern: { source: [{ cidr: 'x' }] } });

    expect(() => createLocalEventBridge({ rules: [rule] })).toThrow('rule a-rule has a pattern that cannot be used');
  });
});
