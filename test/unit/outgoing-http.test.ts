// Requests that users make us send: what arrives, what is told of the answer, and where nothing may go.

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpSender } from '../../shared/adapters/http/outgoing-http.ts';
import type { OutgoingRequest } from '../../shared/domain/automation/delivery.ts';
import { kindOfAddress } from '../../shared/domain/network/address.ts';
import { startWebhookServer, type WebhookServer } from '../support/webhook-server.ts';

let server: WebhookServer;
let silent: Server;
beforeAll(async () => {
  server = await startWebhookServer();
  silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(async () => {
  await server.close();
  silent.close();
});

const here = createHttpSender({ allowsMachine: true });
const onLambda = createHttpSender({ allowsMachine: false });

function request(over: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return { method: 'POST', url: server.url, headers: {}, timeoutMs: 2_000, verifies: true, network: 'any', ...over };
}

describe('a request', () => {
  it('arrives as it was made, and its answer is told', async () => {
    const answer = await here(request({ url: `${server.url}/a?b=c`, headers: { 'x-one': '1' }, body: 'häh' }));

    expect(server.calls.at(-1)).toMatchObject({
      method: 'POST',
      path: '/a?b=c',
      body: 'häh',
      headers: { 'x-one': '1', 'content-length': '4' },
    });
    expect(answer).toMatchObject({ kind: 'answered', status: 200, body: 'thanks', headers: { 'x-answer': 'yes' } });
  });

  it('follows no redirect', async () => {
    server.statuses.push(302);

    expect(await here(request())).toMatchObject({ kind: 'answered', status: 302 });
  });

  it.each([
    ['no server', () => 'http://127.0.0.1:9/', 'the request failed with ECONNREFUSED'],
    ['no such name', () => 'http://nobody.invalid/?token=hush', /^the request failed with E/],
    ['no answer', () => `http://127.0.0.1:${(silent.address() as { port: number }).port}/`, 'no answer in time'],
  ])('to %s fails without a word of the address', async (_what, url, reason) => {
    const answer = await here(request({ url: url(), timeoutMs: 500 }));

    expect(answer).toEqual({
      kind: 'failed',
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
    });
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://169.254.170.2/v2/credentials',
    'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next',
    'http://localhost/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[fd00:ec2::254]/',
    'http://0/',
    'http://2130706433/',
    'http://0x7f.1/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'nonsense',
  ])('to %s is refused on Lambda', async (url) => {
    expect(await onLambda(request({ url }))).toMatchObject({ kind: 'refused' });
  });

  it('to a private network is refused where the block says so', async () => {
    expect(await here(request({ url: 'http://10.1.2.3/', network: 'public' }))).toMatchObject({ kind: 'refused' });
    expect(await here(request({ url: server.url, network: 'public' }))).toMatchObject({ kind: 'refused' });
  });
});

describe('an address', () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['2002:0a00:0001::', 'private'],
    ['127.1.2.3', 'machine'],
    ['0.0.0.0', 'machine'],
    ['169.254.169.254', 'machine'],
    ['100.100.100.200', 'machine'],
    ['::', 'machine'],
    ['::1', 'machine'],
    ['fe80::1%eth0', 'machine'],
    ['::ffff:169.254.169.254', 'machine'],
    ['::127.0.0.1', 'machine'],
    ['fd00:ec2::254', 'machine'],
    ['not an address', 'machine'],
  ])('%s is %s', (address, kind) => {
    expect(kindOfAddress(address)).toBe(kind);
  });
});
