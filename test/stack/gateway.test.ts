// The gateway of the local stack over real connections: the event that the api Lambda gets, and API Gateway's answers.

import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from '../../local/gateway.ts';
import { createLambda } from '../../local/lambda.ts';
import { StartError } from '../../local/start-error.ts';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

type Handler = (event: unknown) => unknown;

async function startWith(handler: Handler, settings: { timeoutSeconds?: number } = {}): Promise<Gateway> {
  const gateway = await startGateway({ port: 0, report: () => undefined, now: () => 1_700_000_000_123, ...settings });
  opened.push(gateway);
  gateway.serve(createLambda({ name: 'api', handler, timeoutSeconds: 5, memoryMb: 512 }).invoke);
  return gateway;
}

type Reply = { status: number; headers: IncomingHttpHeaders; body: string };

async function call(gateway: Gateway, options: RequestOptions & { body?: string | Buffer } = {}): Promise<Reply> {
  const { body, ...rest } = options;
  const sent = request({ host: '127.0.0.1', port: gateway.port, ...rest });
  sent.end(body);
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** Sends bytes as they are and answers everything that came until the other side ended. */
async function raw(gateway: Gateway, bytes: string): Promise<{ said: string; socket: Socket }> {
  const socket = connect({ host: '127.0.0.1', port: gateway.port, allowHalfOpen: true });
  opened.push({ close: async () => void socket.destroy() });
  socket.write(bytes);
  return { said: await text(socket), socket };
}

const echo: Handler = (event) => ({ statusCode: 200, body: JSON.stringify(event) });

describe('the event', () => {
  it('is API Gateway’s HTTP API payload, format 2.0', async () => {
    const gateway = await startWith(echo);

    const reply = await call(gateway, {
      method: 'POST',
      path: '/api/flows/filter?limit=2&tag=a&tag=b%20c',
      headers: { 'Content-Type': 'application/json', 'X-Two': ['1', '2'], Cookie: 'a=1; b=2', 'User-Agent': 'test' },
      body: '{"name":"ä"}',
    });

    const host = `127.0.0.1:${gateway.port}`;
    expect(JSON.parse(reply.body)).toEqual({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/api/flows/filter',
      rawQueryString: 'limit=2&tag=a&tag=b%20c',
      cookies: ['a=1', 'b=2'],
      headers: {
        host,
        'content-length': '13',
        'content-type': 'application/json',
        'user-agent': 'test',
        'x-two': '1,2',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': String(gateway.port),
        'x-forwarded-proto': 'http',
      },
      queryStringParameters: { limit: '2', tag: 'a,b c' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'local',
        domainName: host,
        domainPrefix: 'local',
        http: {
          method: 'POST',
          path: '/api/flows/filter',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'test',
        },
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        routeKey: '$default',
        stage: '$default',
        time: '14/Nov/2023:22:13:20 +0000',
        timeEpoch: 1_700_000_000_123,
      },
      body: '{"name":"ä"}',
      isBase64Encoded: false,
    });
  });

  it.each([
    ['/api/a%20b', '/api/a b'],
    ['/api/a%2Fb/', '/api/a/b/'],
    ['/api/a%252Fb', '/api/a%2Fb'],
    ['/api/%C3%A4+b', '/api/ä+b'],
    ['http://127.0.0.1/api/a%3Fb', '/api/a?b'],
  ])('decodes the path %s once', async (sent, rawPath) => {
    const gateway = await startWith(echo);

    const reply = await call(gateway, { path: sent });

    expect(JSON.parse(reply.body)).toMatchObject({ rawPath, requestContext: { http: { path: rawPath } } });
  });

  it.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
    ['a body without a type', {}],
  ])('carries %s as base64', async (_what, headers) => {
    const gateway = await startWith(echo);

    const reply = await call(gateway, { method: 'POST', headers, body: Buffer.from([0, 255, 1]) });

    expect(JSON.parse(reply.body)).toMatchObject({ body: 'AP8B', isBase64Encoded: true });
  });
});

describe('the answer', () => {
  it('has the status, headers, cookies and binary body of the Lambda', async () => {
    const gateway = await startWith(() => ({
      statusCode: 201,
      headers: { 'Retry-After': 7 },
      cookies: ['a=1; Path=/', 'b=2'],
      body: Buffer.from([1, 2]).toString('base64'),
      isBase64Encoded: true,
    }));

    const reply = await call(gateway);

    expect(reply).toMatchObject({ status: 201, body: '\u0001\u0002' });
    expect(reply.headers).toMatchObject({
      'retry-after': '7',
      'set-cookie': ['a=1; Path=/', 'b=2'],
      'content-length': '2',
    });
  });

  it('is the body of a 200 where the Lambda gives no status', async () => {
    const gateway = await startWith(() => ({ a: 1 }));

    const reply = await call(gateway);

    expect(reply).toMatchObject({ status: 200, body: '{"a":1}', headers: { 'content-type': 'application/json' } });
  });

  it('has no body for 204', async () => {
    const gateway = await startWith(() => ({ statusCode: 204 }));

    const reply = await call(gateway);

    expect(reply).toMatchObject({ status: 204, body: '' });
    expect(reply.headers['content-length']).toBeUndefined();
  });

  it.each([
    ['throws', () => Promise.reject(new Error('secret'))],
    ['gives a status that is none', () => ({ statusCode: 'many' })],
    ['answers more than 6 MB', () => ({ statusCode: 200, body: 'x'.repeat(6 * 1024 * 1024) })],
  ])('is a 500 without details when the Lambda %s', async (_what, handler) => {
    const gateway = await startWith(handler);

    const reply = await call(gateway);

    expect(reply).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' });
  });

  it('is a 503 when the integration takes longer than the gateway waits', async () => {
    const gateway = await startWith(() => new Promise(() => undefined), { timeoutSeconds: 0.05 });

    const reply = await call(gateway);

    expect(reply).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });

  it('is a 503 before there is a Lambda', async () => {
    const gateway = await startGateway({ port: 0, report: () => undefined });
    opened.push(gateway);

    const reply = await call(gateway);

    expect(reply.status).toBe(503);
  });
});

describe('bad input', () => {
  it.each(['/api/%zz', '/api/%ff'])('answers 400 to the path %s', async (path) => {
    const gateway = await startWith(echo);

    const reply = await call(gateway, { path });

    expect(reply).toMatchObject({ status: 400, body: '{"message":"Bad Request"}' });
  });

  it.each([
    ['a body over 10 MB', 10 * 1024 * 1024 + 1],
    ['an event over 6 MB', 6 * 1024 * 1024],
  ])('answers 413 to %s, once the client has sent it all', async (_what, length) => {
    const gateway = await startWith(echo);
    const headers = { 'content-type': 'application/json' };

    const reply = await call(gateway, { method: 'POST', headers, body: Buffer.alloc(length, 'x') });

    expect(reply).toMatchObject({ status: 413, body: '{"message":"Request Entity Too Large"}' });
  });

  it('answers 413 to a client that asks before it sends too much', async () => {
    const gateway = await startWith(echo);
    const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${11 * 1024 * 1024}\r\nExpect: 100-continue\r\n\r\n`;

    const { said } = await raw(gateway, head);

    expect(said).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('answers 400 to what is no HTTP', async () => {
    const gateway = await startWith(echo);

    const { said } = await raw(gateway, 'hello\r\n\r\n');

    expect(said).toMatch(/^HTTP\/1\.1 400 /);
  });

  it.each([
    ['another host name', { host: 'evil.example' }],
    ['a page of another origin', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
  ])('answers 403 to %s, because there is no password on loopback', async (_what, headers) => {
    const gateway = await startWith(echo);

    const reply = await call(gateway, { headers });

    expect(reply).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' });
  });

  it('takes a page of its own origin', async () => {
    const gateway = await startWith(echo);

    const reply = await call(gateway, { headers: { origin: `http://localhost:${gateway.port}` } });

    expect(reply.status).toBe(200);
  });
});

describe('connections', () => {
  it('answers the upgrade of a worker’s channel with 404 and ends the connection from its side', async () => {
    const gateway = await startWith(echo);
    const head = [
      'GET /api/work_pools/development/workers/connect HTTP/1.1',
      `Host: 127.0.0.1:${gateway.port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];

    const { said, socket } = await raw(gateway, `${head.join('\r\n')}\r\n\r\n`);

    // Our end stays open: the other side must give the connection up, not only end its half.
    const gone = once(socket, 'error');
    socket.write('late');
    expect(said).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[\s\S]*\{"message":"Not Found"\}$/);
    const timer = setInterval(() => socket.write('late'), 50);
    opened.push({ close: async () => clearInterval(timer) });
    expect((await gone)[0]).toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) });
  });

  it('serves many requests on one connection', async () => {
    const gateway = await startWith(echo);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    opened.push({ close: async () => agent.destroy() });
    const ports = new Set<number | undefined>();
    agent.on('free', (socket: Socket) => ports.add(socket.localPort));

    for (let at = 0; at < 3; at += 1) await call(gateway, { agent });

    expect(ports.size).toBe(1);
  });

  it('listens on loopback only', async () => {
    const gateway = await startWith(echo);

    const socket = connect({ host: '127.0.0.2', port: gateway.port });

    expect((await once(socket, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('finishes the request under way when it closes, and refuses new ones', async () => {
    const started = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const gateway = await startWith(async () => {
      started.resolve();
      await gate.promise;
      return { statusCode: 200, body: 'done' };
    });
    const slow = call(gateway);
    await started.promise;

    const closing = gateway.close();
    const late = call(gateway).catch((error: unknown) => error);
    gate.resolve();

    expect((await slow).body).toBe('done');
    expect(await late).toMatchObject({ code: 'ECONNREFUSED' });
    opened.pop();
    await closing;
  });

  it('says which port is in use and what to do', async () => {
    const gateway = await startWith(echo);

    const second = startGateway({ port: gateway.port, report: () => undefined });

    await expect(second).rejects.toThrow(StartError);
    await expect(second).rejects.toThrow(`port ${gateway.port} is in use: choose another with --port`);
  });
});
