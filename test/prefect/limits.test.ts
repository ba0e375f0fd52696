// Concurrency limits by the client: its commands, and flows whose tasks and threads want the same slots.

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestProject, type TestProject } from './test-project.ts';

let project: TestProject;

beforeAll(async () => {
  project = await startTestProject({ deployments: [] });
});

afterAll(() => project?.close());

describe('the commands', () => {
  it.each([
    ['concurrency-limit create big 3', /Created concurrency limit with properties/],
    ['concurrency-limit ls', /big/],
    ['concurrency-limit inspect big', /big.*│ 3/s],
    ['concurrency-limit reset big', /Reset concurrency limit set on the tag: big/],
    ['gcl inspect tag:big', /tag:big/],
    ['--no-prompt concurrency-limit delete big', /Deleted concurrency limit set on the tag: big/],
    ['gcl create calls --limit 5 --slot-decay-per-second 0.5', /Created global concurrency limit with name 'calls'/],
    ['gcl ls', /calls .* 5 .* 0\.5/],
    ['gcl update calls --limit 1 --slot-decay-per-second 2', /Updated global concurrency limit with name 'calls'/],
    ['gcl disable calls', /Disabled global concurrency limit with name 'calls'/],
    ['gcl enable calls', /Enabled global concurrency limit with name 'calls'/],
    ['gcl inspect calls', /calls/],
    ['--no-prompt gcl delete calls', /Deleted global concurrency limit with name 'calls'/],
  ])('answer prefect %s', async (command, answer) => {
    expect(await project.prefect.cli(command.split(' '))).toMatch(answer);
  });

  it('say what is not there and what is there already', async () => {
    await project.prefect.cli(['gcl', 'create', 'twice', '--limit', '1']);

    const again = await project.prefect.run(['gcl', 'create', 'twice', '--limit', '1']);
    const missing = await project.prefect.run(['gcl', 'inspect', 'nobody']);

    expect([again.exitCode, missing.exitCode]).toEqual([1, 1]);
    expect(again.output).toMatch(/already exists/);
    expect(missing.output).toMatch(/not found/);
  });
});

describe('a flow', () => {
  it('keeps its tasks to the limit of their tag, its threads to a global one, and its calls to a rate', async () => {
    await project.prefect.cli(['concurrency-limit', 'create', 'heavy', '2']);
    await project.prefect.cli(['gcl', 'create', 'database', '--limit', '1']);
    await project.prefect.cli(['gcl', 'create', 'calls', '--limit', '1', '--slot-decay-per-second', '2']);

    const script = project.prefect.start('python', [path.join(project.folder, 'flows/limited.py')]);
    const { exitCode, output } = await script.ended;
    const limits = await project.seen.call(
      '/v2/concurrency_limits/filter',
      z.array(z.looseObject({ name: z.string(), active_slots: z.number() })),
      {},
    );

    expect(exitCode, output).toBe(0);
    const atOnce = Number(/^tasks \[0, 1, 2, 3\] at once (\d)$/m.exec(output)?.[1]);
    expect(atOnce).toBeGreaterThan(0);
    expect(atOnce).toBeLessThanOrEqual(2);
    expect(output).toMatch(/^threads \[0, 1, 2\] at once 1$/m);
    expect(output).toMatch(/^rate kept$/m);
    const left = limits.filter(({ name }) => name === 'tag:heavy' || name === 'database');
    expect(left.map(({ active_slots: slots }) => slots)).toEqual([0, 0]);
  });
});
