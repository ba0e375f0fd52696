// Frames on their way into the queue, against an SQS that answers when a test says so.

import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { createFrameQueue, type FrameQueueOptions } from '../../local/sockets/frame-queue.ts';
import { waitFor } from '../support/wait-for.ts';

const request = z.object({ Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string() })) });
type Call = { readonly bodies: readonly string[]; readonly answer: (failed?: readonly string[]) => void };

const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of opened.splice(0).reverse()) thing.close();
});

async function slowSqs(): Promise<{ client: SQSClient; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer(async (incoming, response) => {
    const { Entries } = request.parse(JSON.parse(await text(incoming)));
    const ids = Entries.map(({ Id }) => Id);
    calls.push({
      bodies: Entries.map(({ MessageBody }) => MessageBody),
      answer: (failed = []) => reply(response, ids, failed),
    });
  });
  const client = new SQSClient({
    endpoint: `http://127.0.0.1:${await portOf(server)}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    md5: false,
  });
  opened.push({ close: () => client.destroy() }, { close: () => server.closeAllConnections() }, server);
  return { client, calls };
}

async function portOf(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function reply(response: ServerResponse, ids: readonly string[], failed: readonly string[]): void {
  const done = ids.filter((id) => !failed.includes(id)).map((Id) => ({ Id, MessageId: Id, MD5OfMessageBody: '' }));
  const bad = failed.map((Id) => ({ Id, Code: 'Throttled', SenderFault: false }));
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  response.end(JSON.stringify({ Successful: done, Failed: bad }));
}

async function aQueue(change: Partial<FrameQueueOptions> = {}) {
  const { client, calls } = await slowSqs();
  const parts = { put: async (frame: string) => ({ id: `part-${frame.length}`, count: 1 }) };
  const queue = createFrameQueue({ client, queueUrl: 'http://q/1/events', parts, connectionId: 'c', ...change });
  const call = (index: number) => waitFor(`call ${index}`, () => calls[index]);
  return { queue, calls, call };
}

const framesOf = ({ bodies }: Call): string[] => bodies.flatMap((body) => JSON.parse(body).frames ?? [body]);

it('is flushed when the frames before are sent, however many follow', async () => {
  const { queue, call } = await aQueue();
  let isFlushed = false;

  queue.add('"one"');
  const first = await call(0);
  const flushed = queue.flushed().then(() => {
    isFlushed = true;
  });
  queue.add('"two"');
  const before = isFlushed;
  first.answer();
  await flushed;
  const second = await call(1);

  expect(before).toBe(false);
  expect([framesOf(first), framesOf(second)]).toEqual([['"one"'], ['"two"']]);
});

it('sends again what SQS refused in part, and says nothing before', async () => {
  const { queue, call } = await aQueue();

  queue.add('"one"');
  const flushed = queue.flushed();
  (await call(0)).answer(['0']);
  const again = await call(1);
  again.answer();
  await flushed;

  expect(framesOf(again)).toEqual(['"one"']);
});

it('gives up after its patience: asked or not, everybody hears of it', async () => {
  const lost: unknown[] = [];
  const { queue, call } = await aQueue({ patienceMs: 0, onLost: (error) => lost.push(error) });

  queue.add('"one"');
  const flushed = queue.flushed();
  (await call(0)).answer(['0']);

  await expect(flushed).rejects.toThrow('SQS refused frames: Throttled');
  expect(lost).toHaveLength(1);
});

it('packs what arrives together into few messages, and keeps what no message holds as a part', async () => {
  const { queue, call } = await aQueue();
  const large = JSON.stringify('x'.repeat(250_000));

  for (let at = 0; at < 250; at += 1) queue.add(`"${at}"`);
  queue.add(large);
  const first = await call(0);
  first.answer();
  const second = await call(1);

  const bodies = [...first.bodies, ...second.bodies];
  expect(bodies.filter((body) => body.includes('part-250002'))).toHaveLength(1);
  expect(bodies).toHaveLength(4);
  expect(new Set(bodies.flatMap((body) => JSON.parse(body).frames ?? [])).size).toBe(250);
});

it('says when too much waits to read on, and when it is gone', async () => {
  const said: boolean[] = [];
  const { queue, calls } = await aQueue({ onFull: (isFull) => said.push(isFull) });

  for (let at = 0; at < 100; at += 1) queue.add(JSON.stringify('x'.repeat(100_000)));
  const full = [...said];
  const flushed = queue.flushed();
  const answering = setInterval(() => {
    for (const call of calls.splice(0)) call.answer();
  }, 1);
  opened.push({ close: () => clearInterval(answering) });
  await flushed;

  expect(full).toEqual([true]);
  expect(said).toEqual([true, false]);
});
