// Tells one process from another that got its number later: a process is its number and its start time.
// Rule: no signal goes to a process whose start time was not compared.

import { readFileSync } from 'node:fs';

export type ProcessIdentity = { readonly pid: number; readonly startTicks: string };

export type ProcessStatus = ProcessIdentity & {
  readonly state: string;
  readonly parentPid: number;
  readonly sessionId: number;
};

/** Parses a line of `/proc/PID/stat` (proc(5)); undefined where it is not one. */
export function parseStat(line: string): ProcessStatus | undefined {
  // The name stands in parentheses and may hold anything, parentheses and spaces included.
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const [state, parentPid, , sessionId] = fields;
  const startTicks = fields[19];
  const pid = Number.parseInt(line, 10);
  if (!Number.isInteger(pid) || state === undefined || startTicks === undefined) return undefined;
  return { pid, state, parentPid: Number(parentPid), sessionId: Number(sessionId), startTicks };
}

export function readProcess(pid: number): ProcessStatus | undefined {
  const line = readText(`/proc/${pid}/stat`);
  return line === undefined ? undefined : parseStat(line);
}

/** True while the very process lives; a zombie has ended. */
export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  const status = readProcess(pid);
  return status?.startTicks === startTicks && !hasEnded(status);
}

export function hasEnded({ state }: ProcessStatus): boolean {
  return state === 'Z' || state === 'X';
}

/** Sends a signal to the very process; false where it has ended. */
export function signalProcess(identity: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** The file's text, or undefined where it cannot be read. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
