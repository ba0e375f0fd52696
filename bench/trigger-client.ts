// The client of the trigger benchmark, a process of its own so that it does not share the stack's event loop, and with
// as little work a POST as can be, since it shares the machine.
// Reads one job as JSON from its parent, answers one line per run: run id and when the first byte of its POST left.
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
  let left = runs;
  const lane = async () => {
    const socket = await connect(target);
    while (left > 0) {
      left -= 1;
      const sent = await post(socket, request);
      const arrived = waitFor(sent.runId);
      process.send?.(sent);
      await arrived;
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  process.disconnect();
}

const waiting = new Map<string, () => void>();
const waitFor = (runId: string) => new Promise<void>((resolve) => waiting.set(runId, resolve));

process.on('message', (message: Job | { readonly arrived: string }) => {
  if ('arrived' in message) waiting.get(message.arrived)?.();
  else
    run(message).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
});
