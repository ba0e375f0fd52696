// The command that sends more sequences, as somebody types it.
import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';
import { projectRoot } from '../support/local-program.ts';
import { readOptions } from './command-options.ts';

type Ended = { readonly code: number; readonly output: string; readonly errors: string };

function command(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const call = ['run', '--silent', 'differential', '--', ...args];
    execFile('npm', call, { cwd: projectRoot }, (error, output, errors) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, output, errors });
    });
  });
}

it('says what can be asked of it', async () => {
  const { code, output } = await command('--help');

  expect(code).toBe(0);
  for (const option of ['--sequences N', '--seed S', '--summary', '--help']) expect(output).toContain(option);
});

it.each([
  [['--sequences', 'many'], '--sequences must be a whole number from 1 to 999999999, got "many"'],
  [['--sequences', '0'], '--sequences must be a whole number from 1 to 999999999, got "0"'],
  [['--sequences=-5'], '--sequences must be a whole number from 1 to 999999999, got "-5"'],
  [['--seed', '1.5'], '--seed must be a whole number from 1 to 999999999, got "1.5"'],
  [['--sequence', '3'], "Unknown option '--sequence'"],
  [['3'], "Unexpected argument '3'"],
])('cannot read %s', (args, complaint) => {
  expect(() => readOptions(args)).toThrow(complaint);
});

it('says in its first line what it cannot read, starts nothing and exits with 2', async () => {
  const { code, output, errors } = await command('--sequences', 'many');

  expect(code).toBe(2);
  expect(errors).toMatch(/^--sequences must be a whole number from 1 to 999999999, got "many"\n/);
  expect(errors).toContain('usage: npm run differential');
  expect(output).toBe('');
});

it('sends as many sequences as it is told, from the seed that it is told, and says how far it is', async () => {
  const { code, output, errors } = await command('--sequences', '2', '--seed', '501');

  expect(errors).toBe('');
  expect(output).toMatch(/^2 of 2 sequences, 0 with differences, \d+ s$/m);
  expect(output).toMatch(/^no differences$/m);
  expect(code).toBe(0);
}, 180_000);
