// From a client's first byte of POST …/create_flow_run to the arrival of RunTask at the local ECS.
// The database is on disk, each run really becomes a process, and the launch rate is set to 1,000 a second.
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { callApi, identified } from '../local/api-client.ts';
import { startStack } from '../local/stack.ts';
import { divertOutput, openLogFile, openTerminal } from '../local/terminal.ts';
import { createWorkPools } from '../local/work-pools.ts';
import { type CpuTime, cpuBetween, cpuTime } from './cpu-time.ts';

const usage = `Measures the time from POST to RunTask: npm run bench:trigger -- [options]

  --runs N    runs a measurement (default 500)
  --in-flight N,N
              how many runs are under way at a time, a measurement each (default 1,16)
  --warm-up N runs before each measurement, as many at a time, which are not measured (default 500)
  --json      one JSON object instead of a table
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '500' },
    'in-flight': { type: 'string', default: '1,16' },
    'warm-up': { type: 'string', default: '500' },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
if (values.help === true) {
  process.stdout.write(usage);
  process.exit(0);
}
const [runs = 0] = wholeNumbers('--runs', values.runs);
const [warmUp = 0] = wholeNumbers('--warm-up', values['warm-up'], 0);
const widths = wholeNumbers('--in-flight', values['in-flight']);

function wholeNumbers(option: string, given: string, least = 1): readonly number[] {
  const numbers = given.split(',').map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number >= least)) return numbers;
  process.stderr.write(`${option} must be whole numbers of at least ${least}, got ${given}\n`);
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
  /** Milliseconds of CPU a run, by part: until the last RunTask, and until the last run has ended. */
  readonly cpuMs: { readonly launched: CpuTime; readonly ended: CpuTime };
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

async function measure(deploymentId: string, inFlight: number): Promise<Result> {
  if (warmUp > 0) await trigger(deploymentId, { runs: warmUp, inFlight });
  await allEnded();
  const before = cpuTime();
  const times = await trigger(deploymentId, { runs, inFlight });
  const launched = cpuBetween(before, cpuTime());
  await allEnded();
  const ended = cpuBetween(before, cpuTime());
  return { inFlight, ...summary(times), cpuMs: { launched: aRun(launched), ended: aRun(ended) } };
}

const sentMessage = z.object({ runId: z.string(), sentAt: z.number() });
type Sent = z.infer<typeof sentMessage>;

/** Milliseconds from POST to RunTask, of each run. */
function trigger(
  deploymentId: string,
  load: { readonly runs: number; readonly inFlight: number },
): Promise<readonly number[]> {
  const url = `${stack.url}/deployments/${deploymentId}/create_flow_run`;
  const client = fork(path.join(import.meta.dirname, 'trigger-client.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // One message for what arrives together: what is measured shares a thread with this.
  let arrived: string[] = [];
  onArrival = (runId) => {
    arrived.push(runId);
    if (arrived.length > 1) return;
    setImmediate(() => {
      client.send({ arrived });
      arrived = [];
    });
  };
  client.send({ url, ...load });
  return new Promise((resolve, reject) => {
    let sent: readonly Sent[] = [];
    client.once('message', (message) => {
      sent = z.array(sentMessage).parse(message);
    });
    client.on('exit', (code) => {
      if (code !== 0) return reject(new Error(`the client ended with ${code}`));
      resolve(sent.map(({ runId, sentAt }) => (arrivals.get(runId) ?? Number.NaN) - sentAt));
    });
  });
}

/** What was put off while requests came is done when no run is open. */
async function allEnded(): Promise<void> {
  const body = { flow_runs: { state: { type: { any_: ['SCHEDULED', 'PENDING', 'RUNNING'] } } } };
  while ((await callApi({ apiUrl: stack.url, path: '/flow_runs/count', body }, z.number())) > 0) await pause(500);
}

function aRun(used: CpuTime): CpuTime {
  const rounded = Object.entries(used).map(([part, milliseconds]) => [
    part,
    Math.round((milliseconds / runs) * 10) / 10,
  ]);
  return Object.fromEntries(rounded);
}

function summary(times: readonly number[]): Omit<Result, 'inFlight' | 'cpuMs'> {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
  return { medianMs: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) };
}

function lines({ inFlight, medianMs, p90Ms, p99Ms, maxMs, cpuMs }: Result): string {
  return [
    `${inFlight} in flight: median ${medianMs} ms, p90 ${p90Ms} ms, p99 ${p99Ms} ms, slowest ${maxMs} ms`,
    `  cpu a run until RunTask: ${partsOf(cpuMs.launched)}`,
    `  cpu a run until its end: ${partsOf(cpuMs.ended)}`,
  ].join('\n');
}

function partsOf(used: CpuTime): string {
  const all = Object.values(used).reduce((sum, milliseconds) => sum + milliseconds, 0);
  const parts = Object.entries(used).map(([part, milliseconds]) => `${part} ${milliseconds.toFixed(1)}`);
  return `${all.toFixed(1)} ms (${parts.join(', ')})`;
}

const id = await deployment();
const results: Result[] = [];
for (const inFlight of widths) {
  terminal.complain(`${runs} runs with ${inFlight} in flight …`);
  results.push(await measure(id, inFlight));
}
if (values.json === true) terminal.print(JSON.stringify({ runs, results }));
else terminal.print(results.map(lines).join('\n'));
await stack.close();
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
