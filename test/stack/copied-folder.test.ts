// A data folder that was copied is a restored backup: its stack launches nothing until somebody thaws it.
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { type LocalProgram, startProgram } from '../support/local-program.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const opened: { close(): Promise<void> }[] = [];
let folder: string;

beforeEach(async () => {
  const made = await tempDir('slipway-copy-');
  opened.push({ close: made.remove });
  folder = made.path;
});

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

async function started(data: string): Promise<{ readonly program: LocalProgram; readonly url: string }> {
  const program = startProgram(['--port', '0', '--no-example', '--data', path.join(folder, data)]);
  opened.push(program);
  const [, url = ''] = await program.line(/^slipway ready (http:\/\/127\.0\.0\.1:\d+\/api)$/m);
  return { program, url };
}

async function call<Schema extends z.ZodType>(url: string, schema: Schema, body?: object): Promise<z.output<Schema>> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return schema.parse(await response.json());
}

const made = z.object({ id: z.string() });
const freeze = z.object({ frozen: z.boolean() });
const run = z.object({ state_type: z.string() });

/** A run of a container that is over at once. */
async function launch(url: string): Promise<string> {
  const flow = await call(`${url}/flows/`, made, { name: 'copied' });
  const deployment = await call(`${url}/deployments/`, made, {
    name: 'copied',
    flow_id: flow.id,
    work_pool_name: 'production',
    job_variables: { command: 'true' },
  });
  return (await call(`${url}/deployments/${deployment.id}/create_flow_run`, made, {})).id;
}

/** From the start of the program to its end. */
async function inFolder<Seen>(data: string, act: (url: string) => Promise<Seen>): Promise<Seen> {
  const { program, url } = await started(data);
  const seen = await act(url);
  program.kill('SIGTERM');
  await program.ended;
  return seen;
}

const stateOf = async (url: string, id: string) => (await call(`${url}/flow_runs/${id}`, run)).state_type;
const isDone = (url: string, id: string) =>
  waitFor(`run ${id} to end well`, async () => (await stateOf(url, id)) === 'COMPLETED', { deadlineSeconds: 60 });

it('starts frozen where it was copied to, launches after it was thawed, and not where it only was started again', async () => {
  await inFolder('data', async (url) => isDone(url, await launch(url)));
  const sameFolder = await inFolder('data', (url) => call(`${url}/slipway/freeze`, freeze));
  await cp(path.join(folder, 'data'), path.join(folder, 'copy'), { recursive: true });

  const copied = await started('copy');
  await copied.program.line(/^frozen: the table was restored from a backup; runs start after /m);
  const id = await launch(copied.url);
  const thawed = await call(`${copied.url}/slipway/thaw`, freeze, {});
  await isDone(copied.url, id);

  expect(sameFolder.frozen).toBe(false);
  expect(thawed.frozen).toBe(true);
  expect((await call(`${copied.url}/slipway/freeze`, freeze)).frozen).toBe(false);
});

it('starts frozen where it was copied to before anything was launched', async () => {
  await inFolder('data', (url) => call(`${url}/flows/`, made, { name: 'copied' }));
  await cp(path.join(folder, 'data'), path.join(folder, 'copy'), { recursive: true });

  const copied = await started('copy');

  expect((await call(`${copied.url}/slipway/freeze`, freeze)).frozen).toBe(true);
  await copied.program.line(/^frozen: the table was restored from a backup; runs start after /m);
});
