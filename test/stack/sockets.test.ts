// The sockets over real connections: gateway, socket Lambda, stores and queue, in the transport without limits.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import type { ConnectOptions } from '../support/socket-client.ts';
import { type SocketStage, startSocketStage } from '../support/socket-stage.ts';
import { visitSockets } from '../support/socket-visits.ts';
import { waitFor } from '../support/wait-for.ts';

let stage: SocketStage;

beforeAll(async () => {
  stage = await startSocketStage();
});
afterAll(() => stage.close());

const { open, connect, greeted } = visitSockets(() => stage);

const refusalOf = (url: string, path: string, options?: ConnectOptions) =>
  connect(url, path, options).then(
    () => 'let in',
    (error: { status?: number }) => error.status,
  );

const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });

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

const paths = ['/events/in', '/events/out', '/logs/out', '/task_runs/subscriptions/scheduled'];

describe('the handshake', () => {
  it.each(paths)('echoes the subprotocol, answers a PING before anything was said, and greets (%s)', async (path) => {
    const url = await open();

    const client = await connect(url, path);
    client.ping();
    await waitFor('the PONG', () => client.pongs() === 1);
    client.send({ type: 'auth', token: null });
    const frames = await client.received(1);

    expect(client.socket.protocol).toBe('prefect');
    expect(frames).toEqual([{ type: 'auth_success' }]);
    expect(client.closed()).toBeUndefined();
  });

  it.each([...paths.slice(1)])('closes with 1008 whoever speaks before the greeting (%s)', async (path) => {
    const client = await connect(await open(), path);

    client.send({ type: 'filter', filter: {} });
    const end = await waitFor('the close', client.closed);

    expect(end).toEqual({ code: 1008, reason: "Expected 'auth' message" });
  });

  it('takes the slash form of a path for the same socket', async () => {
    const client = await greeted(await open(), '/events/out/');

    expect(client.frames).toEqual([{ type: 'auth_success' }]);
  });

  it('takes clients without a subprotocol as greeted where nobody asks for a password', async () => {
    const client = await connect(await open(), '/events/out', { subprotocol: undefined });

    client.send({ type: 'nonsense' });
    const end = await waitFor('the close', client.closed);

    expect(end).toEqual({ code: 1002, reason: "Expected 'filter' message" });
  });

  it('offers compression', async () => {
    const client = await greeted(await open(), '/events/in', { isCompressed: true });

    expect(client.socket.extensions).toContain('permessage-deflate');
  });

  it.each(['/work_pools/development/workers/connect', '/nothing', '/events', '/events/in/more', ''])(
    'answers the upgrade of %s with 404',
    async (path) => {
      expect(await refusalOf(await open(), path)).toBe(404);
    },
  );

  it('refuses a page of somewhere else', async () => {
    const url = await open();

    const answers = await Promise.all([
      refusalOf(url, '/events/out', { headers: { Origin: 'https://example.org' } }),
      refusalOf(url, '/events/out', { headers: { Host: 'example.org' } }),
      refusalOf(url, '/events/out', { headers: { Origin: url } }),
    ]);

    expect(answers).toEqual([403, 403, 'let in']);
  });
});

describe('the auth string', () => {
  const authString = 'admin:sécret';

  it.each(paths)('lets in by the first frame, and closes with 1008 for a wrong one (%s)', async (path) => {
    const url = await open({ authString });
    const [right, wrong, none] = await Promise.all([connect(url, path), connect(url, path), connect(url, path)]);

    right.send({ type: 'auth', token: authString });
    wrong.send({ type: 'auth', token: 'admin:other' });
    none.send({ type: 'auth', token: null });
    await right.received(1);
    const ends = await Promise.all([waitFor('a close', wrong.closed), waitFor('a close', none.closed)]);

    expect(right.frames).toEqual([{ type: 'auth_success' }]);
    expect(ends).toEqual([
      { code: 1008, reason: 'Invalid token' },
      { code: 1008, reason: 'Auth required but no token provided' },
    ]);
  });

  it('lets in by the header, whatever the first frame says, and refuses a wrong header at once', async () => {
    const url = await open({ authString });

    const client = await connect(url, '/events/in', { headers: basic(authString) });
    client.send({ type: 'auth', token: null });
    const refused = await refusalOf(url, '/events/in', { headers: basic('admin:other') });

    expect(await client.received(1)).toEqual([{ type: 'auth_success' }]);
    expect(refused).toBe(401);
  });

  it('refuses clients that cannot greet, unless they bring the header', async () => {
    const url = await open({ authString });

    const without = await refusalOf(url, '/events/in', { subprotocol: undefined });
    const withHeader = await refusalOf(url, '/events/in', { subprotocol: undefined, headers: basic(authString) });

    expect([without, withHeader]).toEqual([403, 'let in']);
  });

  it('tells the consumer which frames came from a known client', async () => {
    const url = await open({ authString });
    const known = await connect(url, '/events/in', { headers: basic(authString) });
    const stranger = await connect(url, '/events/in');

    for (const client of [known, stranger]) {
      client.send(anEvent());
      client.ping();
    }
    await waitFor('both PONGs', () => known.pongs() + stranger.pongs() === 2);
    const senders = (await stage.taken()).flatMap(({ connection }) => connection ?? []);
    await known.close();
    const authorized = await stage.connections.authorizedAmong(senders);

    expect(new Set(senders).size).toBe(2);
    expect(authorized.size).toBe(1);
  });
});

describe('/events/in', () => {
  it('answers a PING only when all frames before it stand in the queue', async () => {
    const client = await greeted(await open(), '/events/in', { isCompressed: true });
    const ids = Array.from({ length: 700 }, () => randomUUID());

    for (const id of ids) client.send(anEvent({ id, payload: { text: 'x'.repeat(2_000) } }));
    client.ping();
    await waitFor('the PONG', () => client.pongs() === 1);
    const frames = framesIn(await stage.taken());

    expect(frames.map((frame) => frame.id)).toEqual(expect.arrayContaining(ids));
    expect(frames).toHaveLength(700);
  });

  it('keeps what came just before the client left', async () => {
    const client = await greeted(await open(), '/events/in');

    client.send(anEvent({ event: 'test.last' }));
    await client.close();
    const frames = await waitFor('the frame', async () => {
      const found = framesIn(await stage.taken());
      return found.length > 0 && found;
    });

    expect(frames).toMatchObject([{ event: 'test.last' }]);
  });

  it('keeps a frame that no message can hold in the store and names it in the message', async () => {
    const client = await greeted(await open(), '/events/in');
    const large = anEvent({ payload: { text: Array.from({ length: 40_000 }, () => randomUUID()).join('') } });

    client.send(large);
    client.ping();
    await waitFor('the PONG', () => client.pongs() === 1);
    const [message, ...others] = await stage.taken();
    const { part } = JSON.parse(message?.body ?? '{}');
    const text = await stage.parts.read(part);

    expect(JSON.stringify(large).length).toBeGreaterThan(1_400_000);
    expect(others).toEqual([]);
    expect(JSON.parse(text ?? '')).toEqual(large);
  });

  it('answers no PING and closes with 1011 when the queue does not take the frames', async () => {
    const url = await open({ queueEndpoint: 'http://127.0.0.1:9', queuePatienceMs: 100 });
    const client = await greeted(url, '/events/in');

    client.send(anEvent());
    client.ping();
    const end = await waitFor('the close', client.closed);

    expect(end).toMatchObject({ code: 1011 });
    expect(client.pongs()).toBe(0);
  });

  it('closes with 1011 when the stack stops, with all that was sent in the queue', async () => {
    const gateway = await stage.open();
    const client = await greeted(gateway.url, '/events/in');

    for (let at = 0; at < 50; at += 1) client.send(anEvent());
    await waitFor('the frames to leave', () => client.socket.bufferedAmount === 0);
    client.ping();
    await waitFor('the PONG', () => client.pongs() === 1);
    for (let at = 0; at < 50; at += 1) client.send(anEvent());
    await waitFor('the frames to leave', () => client.socket.bufferedAmount === 0);
    await gateway.close();

    expect(await waitFor('the close', client.closed)).toMatchObject({ code: 1011 });
    expect(framesIn(await stage.taken()).length).toBeGreaterThanOrEqual(50);
  });
});

function framesIn(messages: readonly { readonly body: string }[]): { id: string; event: string }[] {
  return messages.flatMap(({ body }) => {
    const value = JSON.parse(body);
    return 'frames' in value ? value.frames.map((frame: string) => JSON.parse(frame)) : [value];
  });
}
