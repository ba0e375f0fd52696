// What the human sees, kept apart from what programs log: the terminal gets our own lines, a file gets the rest.
// Rule: the Lambdas write to stdout as they do on AWS; here that goes to the log file.

import { openSync, renameSync, statSync, writeSync } from 'node:fs';

export type Terminal = {
  /** Writes a line to the real standard output. */
  print(line?: string): void;
  /** Writes a line to the real standard error. */
  complain(line: string): void;
};

const keptBytes = 50 * 1024 * 1024;

/** Takes the standard streams of this process as they are now. */
export function openTerminal(): Terminal {
  const out = process.stdout.write.bind(process.stdout);
  const complaints = process.stderr.write.bind(process.stderr);
  // A terminal that was closed, or a pipe whose reader left, is no reason to stop serving.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  return { print: (line = '') => void out(`${line}\n`), complain: (line) => void complaints(`${line}\n`) };
}

export type LogFile = { write(text: string): void };

/**
 * A log file that is opened with its first line, so that who may not run on a folder leaves its log alone. One that
 * has grown large is put aside first, in the place of the one before. What is written in one turn of the event loop
 * goes to the disk at its end, at once.
 */
export function openLogFile(file: string): LogFile {
  let descriptor: number | undefined;
  let waiting = '';
  const flush = () => {
    descriptor ??= open(file);
    if (descriptor !== undefined) writeSync(descriptor, waiting);
    waiting = '';
  };
  const write = (text: string) => {
    if (waiting === '') setImmediate(flush);
    waiting += text;
  };
  process.once('exit', flush);
  return { write };
}

function open(file: string): number | undefined {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > keptBytes) renameSync(file, `${file}.old`);
    return openSync(file, 'a');
  } catch {
    // The folder cannot be written: whoever starts the stack is told so by the stack itself.
    return undefined;
  }
}

/** From now on everything that this process writes to its standard streams goes to the log file. */
export function divertOutput(log: LogFile): void {
  const write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    log.write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
    const done = rest.find((argument) => typeof argument === 'function');
    done?.();
    return true;
  };
  Object.assign(process.stdout, { write });
  Object.assign(process.stderr, { write });
}
