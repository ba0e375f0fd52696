// `npm run faults` from outside: what it prints, where it goes on, and how it ends.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

let folder: Awaited<ReturnType<typeof tempDir>>;
beforeAll(async () => {
  folder = await tempDir('slipway-faults-');
});
afterAll(() => folder?.remove());

type Ended = { readonly code: number; readonly output: string };

async function faults(...options: readonly string[]): Promise<Ended> {
  const given = ['test/faults/command.ts', `--state=${folder.path}`, ...options];
  // One that never ends must not go on beside other tests.
  const run = promisify(execFile)(process.execPath, given, { maxBuffer: 16 * 2 ** 20, timeout: 55_000 });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  );
}

describe('npm run faults', () => {
  it('prints seeds, runs, faults by kind and call, violations and seconds, and goes on where it stopped', {
    timeout: 60_000,
  }, async () => {
    const first = await faults('--seeds=2', '--from=11', '--processes=1');
    const again = await faults('--seeds=2', '--from=11', '--processes=1');

    expect(first).toMatchObject({ code: 0 });
    expect(first.output).toMatch(/seeds 2, runs \d+, tasks \d+, faults \d+, .*violations 0, seconds \d+/);
    expect(first.output).toMatch(/ {2}crash-after \d+: .*submit:Put \d+/);
    expect(first.output).toContain('2 of 2 seeds, 0 violations');
    // The second time there is nothing left to play.
    expect(again.output).not.toContain('of 2 seeds');
    expect(again.output.split('\n').slice(-2)).toEqual(first.output.split('\n').slice(-2));
  });

  it('says which seed notices a guard that is off, and by what', { timeout: 60_000 }, async () => {
    const { code, output } = await faults('--sabotage=no-checkpoint');

    expect(code).toBe(0);
    expect(output).toMatch(/no-checkpoint: caught by seed \d+ \(\d+ played\): counters equal the truth: /);
  });

  it('shows one seed whole', { timeout: 60_000 }, async () => {
    const { code, output } = await faults('--seed=5', '--sabotage=no-checkpoint');

    expect(code).toBe(1);
    expect(output).toContain('play it again: npm run faults -- --seed 5 --sabotage no-checkpoint');
    expect(output).toMatch(/\d\d:\d\d:\d\d\.\d{3} person: triggered run-/);
  });

  it('refuses a guard that it does not know, and says which there are', async () => {
    const { code, output } = await faults('--sabotage=nothing');

    expect(code).toBe(2);
    expect(output).toMatch(/--sabotage must be all or one of no-token, .*, got nothing/);
  });
});
