// What all SDK clients of ours have in common: what is not answered is given up in time, so that the caller's own deadline
// holds, and every request is signed as AWS wants it.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callSettings, leanClient } from '../../shared/adapters/sdk.ts';

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

it('gives a client, and its steps that write requests, settings that V8 copies quickly', async () => {
  // Native syntax is known to what is parsed from here on.
  setFlagsFromString('--allow-natives-syntax');
  const isQuicklyCopied = new Function('settings', 'return %HasFastProperties(settings)') as (
    settings: object,
  ) => boolean;
  const credentials = { accessKeyId: 'KEY', secretAccessKey: 's' };
  const client = leanClient(new ECSClient({ credentials, region: 'us-east-1' }));
  const { protocol } = client.config;
  const copies: object[] = [];
  protocol.serializeRequest = async (_operation: unknown, _input: unknown, settings: object) => {
    copies.push(settings);
    throw new Error('seen');
  };
  Object.assign(client.config, { mark: 'of the settings that the client has now' });

  await expect(client.send(new ListTasksCommand({}))).rejects.toThrow('seen');

  expect(isQuicklyCopied(client.config)).toBe(true);
  expect(copies).toMatchObject([{ mark: 'of the settings that the client has now' }]);
  client.destroy();
});

describe('the one signer of a client', () => {
  it('takes new credentials once the former ones have expired', async () => {
    const keys: (string | undefined)[] = [];
    const server = createServer(({ headers }, answer) => {
      keys.push(/Credential=(\w+)/.exec(headers.authorization ?? '')?.[1]);
      answer.setHeader('content-type', 'application/x-amz-json-1.1').end('{}');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    let asked = 0;
    const credentials = async () => {
      asked += 1;
      return { accessKeyId: `KEY${asked}`, secretAccessKey: 's', expiration: new Date(Date.now() - 1_000) };
    };
    const client = leanClient(
      new ECSClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials }),
    );

    await client.send(new ListTasksCommand({}));
    await client.send(new ListTasksCommand({}));
    client.destroy();
    server.close();

    expect(new Set(keys).size).toBe(2);
  });

  it('is made anew when it could not be made', async () => {
    const credentials = { accessKeyId: 'KEY', secretAccessKey: 's' };
    let isThere = false;
    const client = leanClient(new ECSClient({ credentials, region: 'us-east-1' }));
    const scheme = { name: 'sigv4', signingName: 'ecs', signingRegion: 'us-east-1', properties: {} };
    const broken = {
      middlewareStack: client.middlewareStack,
      config: {
        ...client.config,
        signer: async (given?: typeof scheme) => {
          if (isThere) return client.config.signer(given);
          isThere = true;
          throw new Error('no region yet');
        },
      },
    };
    const { signer } = leanClient(broken).config;

    await expect(signer(scheme)).rejects.toThrow('no region yet');
    const made = await signer(scheme);

    expect(await signer(scheme)).toBe(made);
    client.destroy();
  });
});
