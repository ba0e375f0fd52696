// Whatever AWS service does not answer is given up in time, so that the caller's own deadline holds.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { requestHandler } from '../../shared/adapters/sdk.ts';

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
    requestHandler: requestHandler({ answerMs: 50, connectionMs: 1_000, sockets: 4 }),
  });

  const error = await client.send(new ListTasksCommand({})).catch((reason: unknown) => reason);
  client.destroy();

  expect(error).toMatchObject({ name: 'TimeoutError', $metadata: { attempts: 2 } });
});
