// Whatever AWS service does not answer is given up in time, so that the caller's own deadline holds.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { callSettings } from '../../shared/adapters/sdk.ts';

let silent: Server;
beforeEach(async () => {
  silent = createServer(() => undefined);
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
});
afterEach(() => {
  silent.closeAllConnections();
  silent.close();
});

it('ends a request that is not answered, with an error that the SDK repeats', async () => {
  const { port } = silent.address() as AddressInfo;
  const client = new ECSClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 2,
    ...callSettings({ answerMs: 50, connectionMs: 1_000, sockets: 4 }),
  });

  const error = await client.send(new ListTasksCommand({})).catch((reason: unknown) => reason);
  client.destroy();

  expect(error).toMatchObject({ name: 'TimeoutError', $metadata: { attempts: 2 } });
});

it('signs with what SHA-256 and HMAC give', async () => {
  const { sha256: Sha256 } = callSettings({ answerMs: 50, connectionMs: 50 });
  const text = Buffer.from('what is signed');
  const padded = Buffer.from('..key..');
  const keys = ['key', padded.subarray(2, 5), new DataView(padded.buffer, padded.byteOffset + 2, 3)];
  const hash = new Sha256();
  hash.update(Buffer.from('forgotten'));
  hash.reset();
  hash.update(text);
  const hmacs = keys.map((key) => new Sha256(key));
  for (const hmac of hmacs) hmac.update(text);

  expect(await hash.digest()).toEqual(createHash('sha256').update(text).digest());
  for (const hmac of hmacs) expect(await hmac.digest()).toEqual(createHmac('sha256', 'key').update(text).digest());
});
