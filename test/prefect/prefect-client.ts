// The unmodified Prefect client as a user has it: its programs, pointed at a stack by PREFECT_API_URL alone.
// Rule: nothing of the operator's own Prefect is read, and every call has a deadline.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type PythonEnv, pythonEnv } from '../support/python-env.ts';
import { waitFor } from '../support/wait-for.ts';

export type Ended = {
  readonly exitCode: number | NodeJS.Signals;
  /** Both streams, in the order they were read. */
  readonly output: string;
};

export type Started = {
  readonly pid: number;
  output(): string;
  line(pattern: RegExp, deadlineSeconds?: number): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
};

export type PrefectClient = {
  readonly python: PythonEnv;
  /** `prefect …`, to its end, whatever that is. */
  run(args: readonly string[], options?: CallOptions): Promise<Ended>;
  /** The same; an exit code other than 0 is an error that shows the output. Answers the output. */
  cli(args: readonly string[], options?: CallOptions): Promise<string>;
  /** `prefect deployment run …`; answers the run's id. */
  trigger(args: readonly string[]): Promise<string>;
  /** A program of the environment, `python` or `prefect`, that goes on until it is stopped. */
  start(program: 'prefect' | 'python', args: readonly string[], options?: CallOptions): Started;
  /** Ends what was started and still runs. */
  close(): Promise<void>;
};

export type CallOptions = {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
};

const patienceSeconds = 120;

/**
 * @param folder where HOME and PREFECT_HOME go
 * @param environmentName the pinned file in `test/python` that names the client
 */
export async function prefectClient(
  apiUrl: string,
  folder: string,
  environmentName = 'prefect',
): Promise<PrefectClient> {
  const python = await pythonEnv(environmentName);
  const home = path.join(folder, 'home');
  await mkdir(home, { recursive: true });
  const variables = clientVariables(python, home, apiUrl);
  const running = new Set<Started>();
  const start: PrefectClient['start'] = (program, args, { cwd = folder, environment = {} } = {}) => {
    const started = startProgram([path.join(python.bin, program), ...args], { ...variables, ...environment }, cwd);
    running.add(started);
    void started.ended.then(() => running.delete(started));
    return started;
  };
  const run: PrefectClient['run'] = (args, options) => endOf(start('prefect', args, options), args);
  const cli: PrefectClient['cli'] = async (args, options) => {
    const { exitCode, output } = await run(args, options);
    if (exitCode !== 0) throw new Error(`prefect ${args.join(' ')} ended with ${exitCode}, wanted 0:\n${output}`);
    return output;
  };
  const trigger: PrefectClient['trigger'] = async (args) => {
    const output = await cli(['deployment', 'run', ...args]);
    const [, id] = /UUID: ([0-9a-f-]{36})/.exec(output) ?? [];
    if (id === undefined) throw new Error(`wanted the id of a run, got:\n${output}`);
    return id;
  };
  const close = async () => {
    for (const started of running) started.kill('SIGKILL');
    await Promise.all([...running].map(({ ended }) => ended));
  };
  return { python, run, cli, trigger, start, close };
}

function clientVariables(python: PythonEnv, home: string, apiUrl: string): Record<string, string> {
  return {
    PATH: `${python.bin}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    PREFECT_HOME: path.join(home, '.prefect'),
    PREFECT_API_URL: apiUrl,
    LANG: 'C.UTF-8',
    // The client wraps its tables at the width of the terminal.
    COLUMNS: '250',
    NO_COLOR: '1',
    TERM: 'dumb',
  };
}

function startProgram([program = '', ...args]: readonly string[], env: Record<string, string>, cwd: string): Started {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  return {
    pid: child.pid ?? 0,
    output: () => said,
    line: (pattern, deadlineSeconds = 60) =>
      waitFor(`${pattern} in the output of ${program}`, () => pattern.exec(said) ?? refuse(said), { deadlineSeconds }),
    kill: (signal) => void child.kill(signal),
    ended: exitOf(child).then((exitCode) => ({ exitCode, output: said })),
  };
}

/** A look that throws counts as "not yet", and its message is what the error shows at last. */
function refuse(said: string): never {
  throw new Error(said.slice(-2000));
}

async function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  const [code, signal] = await once(child, 'close');
  return code ?? signal;
}

async function endOf(started: Started, args: readonly string[]): Promise<Ended> {
  let hasTimedOut = false;
  const patience = setTimeout(() => {
    hasTimedOut = true;
    started.kill('SIGKILL');
  }, patienceSeconds * 1000);
  const ended = await started.ended;
  clearTimeout(patience);
  if (!hasTimedOut) return ended;
  throw new Error(`prefect ${args.join(' ')} did not end within ${patienceSeconds} s:\n${ended.output}`);
}
