// From a client's first byte of POST …/create_flow_run to the arrival of RunTask at the local ECS.
// The database is on disk, each run really becomes a process, and the launch rate is set to 1,000 a second.
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { callApi, identified } from '../local/api-client.ts';
import { startStack } from '../local/stack.ts';
import { divertOutput, openLogFile, openTerminal } from '../local/terminal.ts';
import { createWorkPools } from '../local/work-pools.ts';

const usage = `Measures the time from POST to RunTask: npm run bench:trigger -- [options]

  --runs N    runs a measurement (default 500)
  --json      one JSON object instead of a table
`;

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '500' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help === true) {
  process.stdout.write(usage);
  process.exit(0);
}
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`--runs must be a whole number above 0, got ${values.runs}\n`);
  process.exit(2);
}

const arrivals = new Map<string, number>();
let onArrival: (runId: string) => void = () => undefined;

const dataDir = await mkdtemp(path.join(tmpdir(), 'slipway-bench-'));
const terminal = openTerminal();
divertOutput(openLogFile(path.join(dataDir, 'slipway.log')));
const stack = await startStack({
  port: 0,
  dataDir,
  searchPath: [path.dirname(process.execPath)],
  databaseEndpoint: process.env['SLIPWAY_DYNAMODB_ENDPOINT'],
  launchRate: '1000',
  launchBurst: '1000',
  report: () => undefined,
  onRunTask: (startedBy, at) => {
    const [, , runId = ''] = startedBy.split('/');
    if (arrivals.has(runId)) return;
    arrivals.set(runId, at);
    onArrival(runId);
  },
});
type Result = {
  readonly inFlight: number;
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

async function deployment(): Promise<string> {
  const apiUrl = stack.url;
  await createWorkPools(apiUrl);
  const flow = await callApi({ apiUrl, path: '/flows/', body: { name: 'bench' } }, identified);
  const body = {
    name: 'true',
    flow_id: flow.id,
    work_pool_name: 'production',
    job_variables: { image: 'busybox', command: 'true' },
  };
  return (await callApi({ apiUrl, path: '/deployments/', body }, identified)).id;
}

function measure(deploymentId: string, inFlight: number): Promise<Result> {
  const url = `${stack.url}/deployments/${deploymentId}/create_flow_run`;
  const client = fork(path.join(import.meta.dirname, 'trigger-client.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const sent = new Map<string, number>();
  const tell = (runId: string) => {
    if (sent.has(runId) && arrivals.has(runId) && client.connected) client.send({ arrived: runId });
  };
  onArrival = tell;
  client.on('message', (message) => {
    const { runId, sentAt } = z.object({ runId: z.string(), sentAt: z.number() }).parse(message);
    sent.set(runId, sentAt);
    tell(runId);
  });
  client.send({ url, runs, inFlight });
  return new Promise((resolve, reject) => {
    client.on('exit', (code) => {
      if (code !== 0) return reject(new Error(`the client ended with ${code}`));
      resolve(
        summary(
          inFlight,
          [...sent].map(([runId, sentAt]) => (arrivals.get(runId) ?? Number.NaN) - sentAt),
        ),
      );
    });
  });
}

function summary(inFlight: number, times: readonly number[]): Result {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
  return { inFlight, medianMs: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) };
}

function line({ inFlight, medianMs, p90Ms, p99Ms, maxMs }: Result): string {
  return `${inFlight} in flight: median ${medianMs} ms, p90 ${p90Ms} ms, p99 ${p99Ms} ms, slowest ${maxMs} ms`;
}

const id = await deployment();
const results: Result[] = [];
for (const inFlight of [1, 16]) {
  terminal.complain(`${runs} runs with ${inFlight} in flight …`);
  results.push(await measure(id, inFlight));
}
if (values.json === true) terminal.print(JSON.stringify({ runs, results }));
else terminal.print(results.map(line).join('\n'));
await stack.close();
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
