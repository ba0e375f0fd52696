// The local stack for a human: reads the options, starts, runs the example, serves until it is stopped.
// Rule: whatever cannot be done is told in one line, and ends with exit code 1.

import path from 'node:path';
import { z } from 'zod';
import { callApi } from './api-client.ts';
import { helpText, readOptions, type StartOptions } from './options.ts';
import { createReport, type Report } from './report.ts';
import { startStack } from './stack.ts';
import { StartError } from './start-error.ts';
import { divertOutput, openLogFile, openTerminal, type Terminal } from './terminal.ts';

/** Runs until it is stopped; answers the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const terminal = openTerminal();
  try {
    const options = readOptions(argv, process.env);
    if (options !== 'help') return await runStack(options, terminal);
    terminal.print(helpText.trimEnd());
    return 0;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    terminal.complain(`slipway: ${text.split('\n')[0]}${error instanceof StartError ? '' : ' (unexpected)'}`);
    return 1;
  }
}

async function runStack(options: StartOptions, terminal: Terminal): Promise<number> {
  const log = openLogFile(path.join(options.dataDir, 'slipway.log'));
  divertOutput(log);
  const report = createReport(log.write);
  // A promise that a Lambda forgot ends its sandbox on AWS, not its neighbours.
  process.on('unhandledRejection', (error) => report('unhandled rejection', { error }));
  return await serve(options, { terminal, report, stop: stopSignal() });
}

type Surroundings = { readonly terminal: Terminal; readonly report: Report; readonly stop: AbortSignal };

async function serve(options: StartOptions, { terminal, report, stop }: Surroundings): Promise<number> {
  const stack = await startStack({ ...options, report });
  try {
    const { createWorkPools } = await import('./work-pools.ts');
    await createWorkPools(stack.url);
    terminal.print(`slipway ready ${stack.url}`);
    const ended = Promise.race([stopped(stop), stack.lost]);
    const isFrozen = await tellFrozen(stack.url, terminal);
    if (options.hasExample && !isFrozen) {
      const { runExample } = await import('./example.ts');
      await Promise.race([runExample({ stack, terminal, stop }), ended]);
    }
    const reason = await ended;
    if (reason !== undefined) terminal.complain(`slipway: ${reason}: see ${path.join(options.dataDir, 'slipway.log')}`);
    return reason === undefined ? 0 : 1;
  } finally {
    await stack.close();
  }
}

const freeze = z.object({ frozen: z.boolean(), reason: z.string().nullable() });

/** A copied folder starts nothing by itself: whoever copied it says when. */
async function tellFrozen(apiUrl: string, terminal: Terminal): Promise<boolean> {
  const { frozen, reason } = await callApi({ apiUrl, path: '/slipway/freeze' }, freeze);
  if (frozen) terminal.print(`frozen: ${reason}; runs start after curl -X POST ${apiUrl}/slipway/thaw`);
  return frozen;
}

/** Aborts with the first SIGINT, SIGTERM or SIGHUP. Npm and the terminal may both send one, so more change nothing. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}

function stopped(stop: AbortSignal): Promise<undefined> {
  if (stop.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => stop.addEventListener('abort', () => resolve(undefined), { once: true }));
}
