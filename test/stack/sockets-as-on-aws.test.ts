// The sockets with the limits and close codes of API Gateway, as docs/aws-assumptions.md has them, times shortened.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { socketLimits } from '../../shared/config/resources.ts';
import { type ConnectOptions, connectSocket, type SocketClient } from '../support/socket-client.ts';
import { type GatewayOptions, type SocketStage, startSocketStage } from '../support/socket-stage.ts';
import { waitFor } from '../support/wait-for.ts';

let stage: SocketStage;
const opened: { close(): Promise<void> }[] = [];
const watch = { headers: { 'X-Slipway-Watch': '1' } };

beforeAll(async () => {
  stage = await startSocketStage();
});
afterAll(() => stage.close());
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
  await stage.taken();
});

async function open(rules: GatewayOptions['rules'] = {}): Promise<string> {
  const gateway = await stage.open({ transport: 'aws', rules });
  opened.push(gateway);
  return gateway.url;
}

async function greeted(url: string, path: string, options?: ConnectOptions): Promise<SocketClient> {
  const client = await connectSocket(`${url}${path}`, options);
  opened.push(client);
  client.send({ type: 'auth', token: null });
  await client.received(1);
  return client;
}

describe('/events/out', () => {
  it('is refused with 404 unless a person asks to watch', async () => {
    const url = await open();

    const refused = await connectSocket(`${url}/events/out`).catch((error: { status?: number }) => error.status);
    const watching = await greeted(url, '/events/out', watch);

    expect(refused).toBe(404);
    expect(watching.frames).toEqual([{ type: 'auth_success' }]);
  });

  it('is closed with 1000 when we close it, whatever code we mean', async () => {
    const client = await greeted(await open(), '/events/out', watch);

    client.send({ type: 'nonsense' });

    expect(await waitFor('the close', client.closed)).toEqual({ code: 1000, reason: '' });
  });

  it('carries frames of 128 KB to a client and no larger ones', async () => {
    const client = await greeted(await open(), '/events/out', watch);
    client.send({ type: 'filter', filter: { event: { name: [randomUUID()] } } });
    const [subscriber] = await waitFor('the subscription', async () => {
      const found = await stage.connections.subscribers('events-out');
      return found.length > 0 && found;
    });
    if (subscriber === undefined) throw new Error('no subscriber: wanted one');

    const outcomes = [
      await stage.sender.post(subscriber, JSON.stringify('x'.repeat(socketLimits.messageBytes - 2))),
      await stage.sender.post(subscriber, JSON.stringify('x'.repeat(socketLimits.messageBytes - 1))),
    ];

    expect(outcomes).toEqual(['sent', 'too large']);
  });
});

describe('limits', () => {
  it('ends a connection without traffic with 1001, PINGs or not', async () => {
    const client = await greeted(await open({ idleSeconds: 0.3 }), '/events/in');

    const pings = setInterval(() => client.ping(), 50);
    const end = await waitFor('the close', client.closed);
    clearInterval(pings);

    expect(end.code).toBe(1001);
  });

  it('keeps a connection with traffic, until its longest time is over', async () => {
    const client = await greeted(await open({ idleSeconds: 0.4, connectionSeconds: 1 }), '/events/in');
    const startedAt = performance.now();

    const traffic = setInterval(() => client.send({ id: randomUUID() }), 50);
    const end = await waitFor('the close', client.closed);
    clearInterval(traffic);

    expect(end.code).toBe(1001);
    expect(performance.now() - startedAt).toBeGreaterThan(800);
  });

  it('puts one frame of 32 KB as it is into one message', async () => {
    const client = await greeted(await open(), '/events/in');
    const frames = [JSON.stringify('x'.repeat(socketLimits.frameBytes - 2)), '{"event":"one"}', '{"event":"two"}'];

    for (const frame of frames) client.send(frame);
    await waitFor('the frames to leave', () => client.socket.bufferedAmount === 0);
    const bodies: string[] = [];
    await waitFor('three messages', async () => {
      bodies.push(...(await stage.taken()).map(({ body }) => body));
      return bodies.length === 3;
    });

    expect(bodies.toSorted()).toEqual(frames.toSorted());
  });

  it('closes with 1009 for a larger frame, and notes whose events are lost', async () => {
    const runId = randomUUID();
    const client = await greeted(await open(), '/events/in', { headers: { 'X-Slipway-Run': runId } });

    client.send(JSON.stringify('x'.repeat(socketLimits.frameBytes)));
    const end = await waitFor('the close', client.closed);
    const ref = await waitFor('the note', () => stage.lost.at(-1));

    expect(end.code).toBe(1009);
    expect(await stage.connections.read(ref)).toMatchObject({ kind: 'events-in', runId });
  });

  it('answers a PING by itself, although the queue has nothing yet', async () => {
    const gateway = await stage.open({ transport: 'aws', queueEndpoint: 'http://127.0.0.1:9', queuePatienceMs: 2_000 });
    opened.push(gateway);
    const client = await greeted(gateway.url, '/events/in');

    client.send({ event: 'lost' });
    client.ping();

    await waitFor('the PONG', () => client.pongs() === 1, { deadlineSeconds: 1 });
  });

  it('offers no compression', async () => {
    const client = await greeted(await open(), '/events/in', { isCompressed: true });

    expect(client.socket.extensions).toBe('');
  });
});
