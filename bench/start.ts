// From starting the program to its line `slipway ready`: first on an empty folder, then on the folder that it left.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const usage = `Measures how long npm start takes to be ready: npm run bench:start -- [options]

  --starts N  starts on an empty folder, and as many on a used one (default 5)
  --json      one JSON object instead of lines
`;

const { values } = parseArgs({
  options: { starts: { type: 'string', default: '5' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help === true) {
  process.stdout.write(usage);
  process.exit(0);
}
const starts = Number(values.starts);
if (!Number.isInteger(starts) || starts < 1) {
  process.stderr.write(`--starts must be a whole number above 0, got ${values.starts}\n`);
  process.exit(2);
}

const program = path.join(import.meta.dirname, '../local/main.ts');

async function timeToReady(dataDir: string): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, [program, '--port', '0', '--data', dataDir, '--no-example'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes('slipway ready ')) break;
  }
  const ms = performance.now() - begun;
  if (!said.includes('slipway ready ')) throw new Error(`the program ended before it was ready: ${said}`);
  child.kill('SIGTERM');
  await ended;
  return ms;
}

const median = (times: readonly number[]) =>
  Math.round([...times].sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0);

const empty: number[] = [];
const used: number[] = [];
for (let start = 1; start <= starts; start += 1) {
  process.stderr.write(`start ${start} of ${starts} …\n`);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'slipway-start-'));
  empty.push(await timeToReady(dataDir));
  used.push(await timeToReady(dataDir));
  await rm(dataDir, { recursive: true, force: true });
}
const result = {
  starts,
  emptyFolder: { medianMs: median(empty), slowestMs: Math.round(Math.max(...empty)) },
  usedFolder: { medianMs: median(used), slowestMs: Math.round(Math.max(...used)) },
};
process.stdout.write(
  values.json === true
    ? `${JSON.stringify(result)}\n`
    : `on an empty folder: median ${result.emptyFolder.medianMs} ms, slowest ${result.emptyFolder.slowestMs} ms\n` +
        `on a used folder: median ${result.usedFolder.medianMs} ms, slowest ${result.usedFolder.slowestMs} ms\n`,
);
