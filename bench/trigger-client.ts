// The client of the trigger benchmark, a process of its own so that it does not share the stack's event loop, and with
// as little work a POST as can be, since it shares the machine.
// Its parent tells it one job, and which runs have arrived at ECS. In the end it answers run ids and when the first byte
// of each POST left.
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

type Job = { readonly url: string; readonly runs: number; readonly inFlight: number };
type Sent = { readonly runId: string; readonly sentAt: number };

const now = () => performance.timeOrigin + performance.now();

async function connect({ hostname, port }: URL): Promise<Socket> {
  const socket = createConnection(Number(port), hostname).setNoDelay().setEncoding('utf8');
  await once(socket, 'connect');
  return socket;
}

async function post(socket: Socket, request: string): Promise<Sent> {
  const sentAt = now();
  socket.write(request);
  const answer = await answerOf(socket);
  if (!answer.startsWith('HTTP/1.1 201 ')) throw new Error(`POST answered ${answer.slice(0, 200)}`);
  const { id } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
  return { runId: String(id), sentAt };
}

/** The whole answer, whose length in characters the gateway gives in bytes: all of it is ASCII. */
async function answerOf(socket: Socket): Promise<string> {
  let answer = '';
  for (;;) {
    const [chunk] = await once(socket, 'data');
    answer += chunk;
    const headEnd = answer.indexOf('\r\n\r\n');
    const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, headEnd))?.[1];
    if (length !== undefined && answer.length >= headEnd + 4 + Number(length)) return answer;
  }
}

/** Posts, and waits until the parent has seen the run arrive at ECS, so that exactly `inFlight` runs are under way. */
async function run({ url, runs, inFlight }: Job): Promise<void> {
  const target = new URL(url);
  const headers = ['content-type: application/json', 'content-length: 2'];
  const request = [`POST ${target.pathname} HTTP/1.1`, `host: ${target.host}`, ...headers, '', '{}'].join('\r\n');
  const sent: Sent[] = [];
  let left = runs;
  const lane = async () => {
    const socket = await connect(target);
    while (left > 0) {
      left -= 1;
      const posted = await post(socket, request);
      sent.push(posted);
      await arrival(posted.runId).promise;
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  process.send?.(sent, undefined, undefined, () => process.disconnect());
}

/** RunTask may be there before the POST is answered. */
const arrivals = new Map<string, PromiseWithResolvers<void>>();
function arrival(runId: string): PromiseWithResolvers<void> {
  const there = arrivals.get(runId) ?? Promise.withResolvers<void>();
  arrivals.set(runId, there);
  return there;
}

process.on('message', (message: Job | { readonly arrived: readonly string[] }) => {
  if ('arrived' in message) for (const runId of message.arrived) arrival(runId).resolve();
  else
    run(message).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
});
