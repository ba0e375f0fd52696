// The local stack as a newcomer starts it: a process of its own, told apart by its lines and its exit code.
// Rule: close() leaves no process of it behind, whatever the test did.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitUntil } from './wait-for.ts';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

export type LocalProgram = {
  /** Of npm, or of the program itself. */
  readonly pid: number;
  /** Everything it wrote to both streams. */
  output(): string;
  /** Waits for a line; answers the match. */
  line(pattern: RegExp, deadlineSeconds?: number): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  close(): Promise<void>;
};

export type ProgramOptions = {
  /** `npm start -- …`, or `node local/main.ts …` with the node that runs the test. @default node */
  readonly by?: 'npm' | 'node';
  readonly environment?: Readonly<Record<string, string>>;
};

/** Starts the local stack with the arguments given. The caller's own AWS and Python settings are not passed on. */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): LocalProgram {
  const [command, ...before] =
    options.by === 'npm' ? ['npm', 'start', '--'] : [process.execPath, path.join(projectRoot, 'local/main.ts')];
  const child = spawn(command ?? '', [...before, ...args], {
    cwd: projectRoot,
    env: { ...ownVariables(), ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = endOf(child);
  return {
    pid: child.pid ?? 0,
    output: () => said,
    line: async (pattern, deadlineSeconds = 15) => {
      const question = { look: () => said, isWanted: (text: string) => pattern.test(text) };
      const match = pattern.exec(await waitUntil(`a line like ${pattern}`, question, { deadlineSeconds }));
      if (match === null) throw new Error(`${pattern} keeps a position: wanted one without the flags g and y`);
      return match;
    },
    kill: (signal) => void child.kill(signal),
    ended,
    close: async () => {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 8000);
      await ended;
      clearTimeout(patience);
    },
  };
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  const [code, signal] = await once(child, 'close');
  return code ?? signal;
}

function ownVariables(): NodeJS.ProcessEnv {
  const isOthers = /^(?:AWS_|SLIPWAY_|PREFECT_|VITEST|NODE_OPTIONS$|VIRTUAL_ENV$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOthers.test(name)));
}

/** The content of `stack.json`, unchecked: tests say what they want of it. */
export function readStackJson(dataDir: string): {
  pid?: number;
  ports: Record<string, number>;
  startedAt: string;
  database?: { pid: number; startTicks: string };
} {
  return JSON.parse(readFileSync(path.join(dataDir, 'stack.json'), 'utf8'));
}
