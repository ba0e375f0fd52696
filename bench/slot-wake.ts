// From the slot that comes free to the start of the run that waits for it: the task that held the slot stops at the
// local ECS, and RunTask for the next run arrives there. The database is on disk and each run really becomes a process.
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

const usage = `Measures the time from a slot that comes free to the RunTask that takes it: npm run bench:slots -- [options]

  --runs N    runs that wait for one slot, for each kind of limit (default 50)
  --json      one JSON object instead of lines
`;

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '50' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help === true) {
  process.stdout.write(usage);
  process.exit(0);
}
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 2) {
  process.stderr.write(`--runs must be a whole number above 1, got ${values.runs}\n`);
  process.exit(2);
}

/** When RunTask arrived, epoch milliseconds, by run. */
const arrivals = new Map<string, number>();
const dataDir = await mkdtemp(path.join(tmpdir(), 'slipway-slots-'));
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
    if (!arrivals.has(runId)) arrivals.set(runId, at);
  },
});
const apiUrl = stack.url;

async function deployment(name: string, over: object): Promise<string> {
  const flow = await callApi({ apiUrl, path: '/flows/', body: { name: 'bench' } }, identified);
  const job_variables = { image: 'busybox', command: 'true' };
  const body = { name, flow_id: flow.id, work_pool_name: 'production', job_variables, ...over };
  return (await callApi({ apiUrl, path: '/deployments/', body }, identified)).id;
}

const ended = z.array(z.object({ id: z.string(), end_time: z.string() }));

/** When each run ended: a plain container's end is the moment at which ECS stopped its task. */
async function endsOf(deploymentId: string): Promise<ReadonlyMap<string, number>> {
  const body = {
    deployments: { id: { any_: [deploymentId] } },
    flow_runs: { state: { type: { any_: ['COMPLETED'] } } },
    limit: 200,
  };
  for (;;) {
    const found = await callApi({ apiUrl, path: '/flow_runs/filter', body }, ended);
    if (found.length >= runs) return new Map(found.map(({ id, end_time: end }) => [id, Date.parse(end)]));
    await pause(500);
  }
}

type Result = { readonly limit: string; readonly medianMs: number; readonly p90Ms: number; readonly maxMs: number };

async function measure(limit: string, deploymentId: string): Promise<Result> {
  const path = `/deployments/${deploymentId}/create_flow_run`;
  for (let run = 0; run < runs; run += 1) await callApi({ apiUrl, path, body: {} }, identified);
  const ends = await endsOf(deploymentId);
  const starts = [...ends.keys()].flatMap((id) => arrivals.get(id) ?? []).sort((one, other) => one - other);
  const stops = [...ends.values()].sort((one, other) => one - other);
  // One slot: the run that starts next takes the slot of the one that ended last.
  const waits = starts.slice(1).map((start, at) => start - (stops[at] ?? start));
  return { limit, ...summary(waits) };
}

function summary(times: readonly number[]): Omit<Result, 'limit'> {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { medianMs: at(0.5), p90Ms: at(0.9), maxMs: at(1) };
}

await createWorkPools(apiUrl);
const results: Result[] = [];
terminal.complain(`${runs} runs for one slot of their deployment …`);
results.push(await measure('deployment', await deployment('one at a time', { concurrency_limit: 1 })));
terminal.complain(`${runs} runs for one slot of their pool …`);
const body = { concurrency_limit: 1 };
await fetch(`${apiUrl}/work_pools/production`, {
  method: 'PATCH',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
results.push(await measure('pool', await deployment('unlimited', {})));
const line = ({ limit, medianMs, p90Ms, maxMs }: Result) =>
  `slot of a ${limit}: median ${medianMs} ms, p90 ${p90Ms} ms, slowest ${maxMs} ms`;
terminal.print(values.json === true ? JSON.stringify({ runs, results }) : results.map(line).join('\n'));
await stack.close();
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
