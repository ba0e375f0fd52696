// Hints as requests of SQS: what is sent while a request is under way goes out together, and says nothing twice.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHints } from '../../shared/adapters/sqs/hints.ts';
import type { Hints, SubmitHint } from '../../shared/ports/hints.ts';
import { waitFor } from '../support/wait-for.ts';

type Entry = { readonly MessageBody: string; readonly DelaySeconds: number };
type Request = { readonly entries: readonly Entry[]; readonly answer: (status?: number) => void };

let server: Server;
let client: SQSClient;
let hints: Hints;
let requests: Request[];
let lost: number[];
/** What reaches the queue is answered at once. */
let isAnswering: boolean;

beforeEach(async () => {
  requests = [];
  lost = [];
  isAnswering = false;
  server = createServer(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    const { Entries } = JSON.parse(body) as { Entries: Entry[] };
    const request = { entries: Entries, answer: (status = 200) => respond(response, status) };
    requests.push(request);
    if (isAnswering) request.answer();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    md5: false,
    useQueueUrlAsEndpoint: false,
  });
  const urls = { submit: `${endpoint}/0/submit`, observe: `${endpoint}/0/observe` };
  hints = createHints(client, urls, { hintsLost: (_queue, count) => lost.push(count) });
});
afterEach(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});

function respond(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end('{}');
}

const work = (deploymentId: string, dueAt: number): SubmitHint => ({
  kind: 'work',
  lane: { workPoolName: 'pool', workQueueId: 'queue', deploymentId },
  dueAt,
});
const bodies = ({ entries }: Request): readonly unknown[] => entries.map(({ MessageBody }) => JSON.parse(MessageBody));
const arrived = (count: number) => waitFor(`${count} requests`, () => requests.length === count);

it('sends at once, and what comes meanwhile in one request after that', async () => {
  const first = hints.submit([work('a', 1)]);
  await arrived(1);
  const meanwhile = [hints.submit([work('b', 2)]), hints.submit([{ kind: 'room' }])];
  isAnswering = true;
  requests[0]?.answer();
  await Promise.all([first, ...meanwhile]);

  expect(requests.map(bodies)).toEqual([[work('a', 1)], [work('b', 2), { kind: 'room' }]]);
});

it('names a lane once, with the last run that is due there', async () => {
  isAnswering = true;
  await Promise.all([hints.submit([work('a', 1)]), hints.submit([work('b', 2)]), hints.submit([work('a', 3)])]);

  expect(requests.map(bodies)).toEqual([[work('a', 3), work('b', 2)]]);
});

it('keeps what is due later by itself, since each of them wakes the pump at its own time', async () => {
  isAnswering = true;
  await Promise.all([
    hints.submit([work('a', 1)]),
    hints.submit([work('a', 5_000)], { delaySeconds: 5 }),
    hints.submit([work('a', 5_001)], { delaySeconds: 5 }),
    hints.submit([work('a', 5_001)], { delaySeconds: 5 }),
  ]);

  const sent = requests.flatMap(({ entries }) => entries.map(({ DelaySeconds }) => DelaySeconds));
  expect(sent).toEqual([0, 5, 5]);
});

it('loses what a failed request held and sends what waited for it', async () => {
  const first = hints.submit([work('a', 1), work('b', 1)]);
  await arrived(1);
  const second = hints.submit([work('c', 2)]);
  isAnswering = true;
  requests[0]?.answer(400);
  await Promise.all([first, second]);

  expect(lost).toEqual([2]);
  expect(requests.map(bodies)).toEqual([[work('a', 1), work('b', 1)], [work('c', 2)]]);
});

it('sends nothing for no hint', async () => {
  await hints.submit([]);

  expect(requests).toEqual([]);
});
