// The client of the trigger benchmark, a process of its own so that it does not share the stack's event loop.
// Reads one job as JSON from its parent, answers one line per run: run id and when the first byte of its POST left.
import { Agent, request } from 'node:http';

type Job = { readonly url: string; readonly runs: number; readonly inFlight: number };
type Sent = { readonly runId: string; readonly sentAt: number };

const now = () => performance.timeOrigin + performance.now();

function post(url: string, agent: Agent): Promise<Sent> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    const call = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (answer.statusCode !== 201) reject(new Error(`POST answered ${answer.statusCode}: ${text.slice(0, 200)}`));
        else resolve({ runId: String(JSON.parse(text).id), sentAt });
      });
    });
    call.on('error', reject);
    sentAt = now();
    call.end('{}');
  });
}

/** Posts, and waits until the parent has seen the run arrive at ECS, so that exactly `inFlight` runs are under way. */
async function run({ url, runs, inFlight }: Job): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  let left = runs;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      const sent = await post(url, agent);
      const arrived = waitFor(sent.runId);
      process.send?.(sent);
      await arrived;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  agent.destroy();
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
