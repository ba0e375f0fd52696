// What users keep beside their flows: blocks, artifacts, variables and work pools of every type, by the real client.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RunningStack, startRunningStack } from '../support/running-stack.ts';
import { type PrefectClient, prefectClient } from './prefect-client.ts';

const program = fileURLToPath(new URL('./project/keeping.py', import.meta.url));

let stack: RunningStack;
let prefect: PrefectClient;
let said = '';

beforeAll(async () => {
  stack = await startRunningStack({ args: ['--no-example'] });
  prefect = await prefectClient(stack.url, stack.folder);
  const { exitCode, output } = await prefect.start('python', [program]).ended;
  if (exitCode !== 0) throw new Error(`keeping.py ended with ${exitCode}, wanted 0:\n${output}`);
  said = output;
});

afterAll(async () => {
  await prefect?.close();
  await stack?.close();
});

async function call(route: string, body?: object): Promise<unknown> {
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${stack.url}${route}`, { ...sent, headers: { 'content-type': 'application/json' } });
  return answer.json();
}

describe('a program of a user', () => {
  it('reads back what it kept: secrets, blocks in blocks, artifacts, variables', () => {
    const [, kept = '{}'] = /^KEPT (.*)$/m.exec(said) ?? [];

    expect(JSON.parse(kept)).toEqual({
      blocks: {
        token: 'hush',
        pair: { user: 'u', password: 'p' },
        service: ['https://two', 'ada', 'lovelace'],
        inline: 'dropper',
        by_reference: 'https://two',
        slack: 'https://hooks.slack.com/T/B/X',
      },
      artifacts: { report: '# second', progress: 90 },
      variables: { limits: { most: 4 }, short: 'none' },
    });
  });

  it('finds the blocks that Prefect brings along, without registering them anew', async () => {
    const schema = z.object({ block_type: z.object({ slug: z.string() }), version: z.string() });
    const schemas = z.array(schema).parse(await call('/block_schemas/filter', {}));
    const versions = schemas.filter(({ block_type: type }) => type.slug === 'secret').map(({ version }) => version);

    expect(versions).toEqual(['3.8.8']);
  });

  it('gets no warning that a block does not fit its schema', () => {
    expect(said).not.toMatch(/checksum/i);
  });

  it('leaves no secret in the files of the stack', async () => {
    const files = ['tables.sqlite', 'tables.sqlite-wal'];
    const contents = await Promise.all(
      files.map((file) => readFile(path.join(stack.dataDir, file)).catch(() => Buffer.alloc(0))),
    );
    const everything = Buffer.concat(contents);

    expect(everything.includes('https://two')).toBe(false);
    expect(everything.includes('lovelace')).toBe(false);
    expect(everything.includes('keeping')).toBe(true);
  });
});

describe('the commands', () => {
  it.each([
    ['block ls', /service\/service/],
    ['block inspect secret/token', /\*{8}/],
    ['block type inspect secret', /Secret/],
    ['--no-prompt block delete secret/token', /Deleted Block 'secret\/token'/],
    ['artifact ls', /report/],
    ['artifact inspect report', /# second/],
    ['--no-prompt artifact delete rows', /Deleted 1 artifact/],
    ['variable inspect limits', /'most': 4/],
    ['--no-prompt block type delete login', /Deleted Block Type 'login'/],
  ])('answer prefect %s', async (command, answer) => {
    expect(await prefect.cli(command.split(' '))).toMatch(answer);
  });

  it('refuse to delete a protected type', async () => {
    const { exitCode, output } = await prefect.run(['--no-prompt', 'block', 'type', 'delete', 'secret']);

    expect(exitCode).toBe(1);
    expect(output).toMatch(/protected/);
  });

  it('register the blocks of a file', async () => {
    expect(await prefect.cli(['block', 'register', '--module', 'prefect.filesystems'])).toMatch(
      /Successfully registered/,
    );
  });

  it.each(['process', 'docker', 'kubernetes', 'ecs', 'ecs:push'])('create a work pool of the type %s', async (type) => {
    const name = `pool-${type.replace(':', '-')}`;

    const created = await prefect.cli(['work-pool', 'create', name, '--type', type]);
    const pool = z
      .object({ type: z.string(), base_job_template: z.object({ job_configuration: z.object({}).catchall(z.json()) }) })
      .parse(await call(`/work_pools/${name}`));

    expect(created).toMatch(new RegExp(`Created work pool '${name}'`));
    expect(pool.type).toBe(type);
    expect(Object.keys(pool.base_job_template.job_configuration)).toContain('command');
  });

  it('show the template of a type', async () => {
    expect(await prefect.cli(['work-pool', 'get-default-base-job-template', '--type', 'kubernetes'])).toMatch(
      /job_manifest/,
    );
  });
});
