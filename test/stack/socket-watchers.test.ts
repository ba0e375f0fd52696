// Those who watch events and log lines on sockets, over real connections and stores.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { logFrame } from '../../lambdas/log-frame.ts';
import type { LogLine } from '../../shared/domain/catalogue.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import { fanOutEvents } from '../../shared/use-cases/fan-out-events.ts';
import { fanOutLogs } from '../../shared/use-cases/fan-out-logs.ts';
import { type SocketStage, startSocketStage } from '../support/socket-stage.ts';
import { visitSockets } from '../support/socket-visits.ts';
import { waitFor } from '../support/wait-for.ts';

let stage: SocketStage;

beforeAll(async () => {
  stage = await startSocketStage();
});
afterAll(() => stage.close());

const { open, greeted } = visitSockets(() => stage);

function anEvent(change: Partial<PrefectEvent> = {}): PrefectEvent {
  return {
    id: randomUUID(),
    occurred: Date.now(),
    received: Date.now(),
    event: 'test.happened',
    resource: { 'prefect.resource.id': `test.${randomUUID()}` },
    related: [],
    payload: {},
    ...change,
  };
}

function aLine(flowRunId: string, change: Partial<LogLine> = {}): LogLine {
  const now = Date.now();
  return { id: randomUUID(), created: now, name: 'n', level: 20, message: 'm', timestamp: now, flowRunId, ...change };
}

describe('/events/out', () => {
  const filterOf = (name: string, since = Date.now() - 60_000) => ({
    type: 'filter',
    filter: { occurred: { since: new Date(since).toISOString() }, event: { name: [name] } },
  });

  it('sends what was kept since the time of the filter, in order, and nothing else', async () => {
    const [name, now] = [`test.${randomUUID()}`, Date.now()];
    const old = anEvent({ event: name, occurred: now - 120_000 });
    const kept = [3, 2, 1].map((seconds) => anEvent({ event: name, occurred: now - seconds * 1000 }));
    await stage.events.keep([old, ...kept.toReversed(), anEvent()]);
    const client = await greeted(await open(), '/events/out');

    client.send(filterOf(name));
    const frames = await client.received(4);

    expect(frames.slice(1)).toMatchObject(kept.map(({ id }) => ({ type: 'event', event: { id, event: name } })));
  });

  it('leaves no gap between what was kept and what happens meanwhile', async () => {
    const name = `test.${randomUUID()}`;
    const ids: string[] = [];
    const deps = {
      world: { now: Date.now },
      connections: stage.connections,
      sender: stage.sender,
      telemetry: createTelemetry(() => undefined),
    };
    const happen = async () => {
      const event = anEvent({ event: name });
      ids.push(event.id);
      await stage.events.keep([event]);
      await fanOutEvents(deps, [event]);
    };
    const client = await greeted(await open(), '/events/out');

    for (let at = 0; at < 60; at += 1) {
      if (at === 20) client.send(filterOf(name));
      await happen();
    }
    await waitFor('all events', () => new Set(idsOf(client.frames)).size === ids.length);

    expect(new Set(idsOf(client.frames))).toEqual(new Set(ids));
  });

  it('looks back 15 minutes at most', async () => {
    const [name, now] = [`test.${randomUUID()}`, Date.now()];
    const inside = anEvent({ event: name, occurred: now - 14 * 60_000 });
    await stage.events.keep([anEvent({ event: name, occurred: now - 16 * 60_000 }), inside]);
    const client = await greeted(await open(), '/events/out');

    client.send(filterOf(name, now - 3_600_000));
    const frames = await client.received(2);
    const [subscriber] = (await stage.connections.subscribers('events-out')).filter(({ subscription }) =>
      JSON.stringify(subscription.filter).includes(name),
    );

    expect(frames.slice(1)).toMatchObject([{ event: { id: inside.id } }]);
    expect(Math.abs((subscriber?.subscription.since ?? 0) - (now - 15 * 60_000))).toBeLessThan(10_000);
  });

  it('sends nothing of the past when no backfill is wanted, and is subscribed', async () => {
    const name = `test.${randomUUID()}`;
    await stage.events.keep([anEvent({ event: name })]);
    const client = await greeted(await open(), '/events/out');

    client.send({ ...filterOf(name), backfill: false });
    const subscriber = await waitFor('the subscription', async () =>
      (await stage.connections.subscribers('events-out')).find(({ subscription }) =>
        JSON.stringify(subscription.filter).includes(name),
      ),
    );
    const outcome = await stage.sender.post(subscriber, '{"type":"event"}');

    expect(outcome).toBe('sent');
    expect(await client.received(2)).toEqual([{ type: 'auth_success' }, { type: 'event' }]);
  });

  it.each([
    ['something else than a filter', { type: 'subscribe' }, "Expected 'filter' message"],
    ['a field that no filter has', { type: 'filter', filter: { colour: 'red' } }, 'Invalid filter: '],
    ['no filter in the frame', { type: 'filter' }, 'Invalid filter: '],
    ['no JSON', 'hello', 'Expected a JSON object'],
  ])('closes with 1002 and the reason for %s', async (_what, frame, reason) => {
    const client = await greeted(await open(), '/events/out');

    client.send(frame);
    const end = await waitFor('the close', client.closed);

    expect(end.code).toBe(1002);
    expect(end.reason).toContain(reason);
    expect(Buffer.byteLength(end.reason)).toBeLessThanOrEqual(123);
  });

  it('closes with 1003 for a binary frame', async () => {
    const client = await greeted(await open(), '/events/out');

    client.socket.send(Buffer.from([1, 2]));
    const end = await waitFor('the close', client.closed);

    expect(end.code).toBe(1003);
  });

  it('closes with 1011 when the stack stops, never with a code that ends a cancellation watch', async () => {
    const gateway = await stage.open();
    const client = await greeted(gateway.url, '/events/out');

    await gateway.close();

    expect(await waitFor('the close', client.closed)).toMatchObject({ code: 1011 });
  });

  it('forgets a client that left, and one whose stack was gone before it', async () => {
    const name = `test.${randomUUID()}`;
    const ours = async () =>
      (await stage.connections.subscribers('events-out')).filter(({ subscription }) =>
        JSON.stringify(subscription.filter).includes(name),
      );
    const client = await greeted(await open(), '/events/out');
    client.send(filterOf(name));
    const [subscriber] = await waitFor('the subscription', async () => {
      const found = await ours();
      return found.length === 1 && found;
    });

    await client.close();
    await waitFor('the item to go', async () => (await ours()).length === 0);
    const outcome = subscriber === undefined ? undefined : await stage.sender.post(subscriber, '{}');

    expect(outcome).toBe('gone');
  });
});

describe('/logs/out', () => {
  const watching = (runId: string, change: object = {}) => ({
    type: 'filter',
    filter: {
      flow_run_id: { any_: [runId] },
      timestamp: { after_: new Date(Date.now() - 60_000).toISOString() },
      ...change,
    },
  });

  it('sends the lines of the last minute, then the live ones that fit the filter', async () => {
    const runId = randomUUID();
    await stage.logs.append([aLine(runId, { message: 'kept' }), aLine(runId, { message: 'low', level: 10 })]);
    const client = await greeted(await open(), '/logs/out');
    const deps = {
      world: { now: Date.now },
      connections: stage.connections,
      sender: stage.sender,
      telemetry: createTelemetry(() => undefined),
      renderLog: logFrame,
    };

    client.send(watching(runId, { level: { ge_: 20 } }));
    await client.received(2);
    await fanOutLogs(deps, [
      aLine(runId, { message: 'live' }),
      aLine(randomUUID(), { message: 'of another run' }),
      aLine(runId, { message: 'too low', level: 10 }),
      aLine(runId, { message: 'last' }),
    ]);
    const frames = await client.received(4);

    expect(frames.slice(1)).toMatchObject([
      { type: 'log', log: { message: 'kept', flow_run_id: runId, task_run_id: null } },
      { type: 'log', log: { message: 'live' } },
      { type: 'log', log: { message: 'last' } },
    ]);
    expect(frames).toHaveLength(4);
  });

  it('closes with 1002 for a filter that is none', async () => {
    const client = await greeted(await open(), '/logs/out');

    client.send({ type: 'filter', filter: { flow_run_id: { any_: 'all' } } });

    expect(await waitFor('the close', client.closed)).toMatchObject({ code: 1002 });
  });
});

const eventFrame = z.object({ event: z.object({ id: z.string() }) });

function idsOf(frames: readonly unknown[]): string[] {
  return frames.flatMap((frame) => {
    const parsed = eventFrame.safeParse(frame);
    return parsed.success ? [parsed.data.event.id] : [];
  });
}
