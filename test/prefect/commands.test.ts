// Commands of the CLI that read and change what the stack keeps, each with the answer that its user waits for.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RunningStack, startRunningStack } from '../support/running-stack.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Observer, observe } from './observed-runs.ts';
import { type PrefectClient, prefectClient } from './prefect-client.ts';

let stack: RunningStack;
let prefect: PrefectClient;
let seen: Observer;
let runId: string;

beforeAll(async () => {
  stack = await startRunningStack();
  prefect = await prefectClient(stack.url, stack.folder);
  seen = observe(stack);
  await stack.program().line(/^serving until Ctrl-C$/m, 60);
  const [run] = await seen.call('/flow_runs/filter', z.array(z.object({ id: z.string() })), {});
  runId = run?.id ?? '';
});

afterAll(async () => {
  await prefect?.close();
  await stack?.close();
});

describe('work pools and queues', () => {
  it.each([
    ['work-pool ls', /production .* ecs:push/],
    ['work-pool create more --type ecs:push', /Created work pool 'more'/],
    ['work-pool pause more', /Paused work pool 'more'/],
    ['work-pool resume more', /Resumed work pool 'more'/],
    ['work-pool set-concurrency-limit more 3', /Set concurrency limit for work pool 'more' to 3/],
    ['work-pool update more --description soon', /Updated work pool 'more'/],
    ['work-pool preview production', /No runs found/],
    ['work-queue create urgent --pool more --priority 1', /Created work queue/],
    ['work-queue ls --pool more', /urgent/],
    ['work-queue inspect urgent --pool more', /name='urgent'/],
    ['work-queue pause urgent --pool more', /'urgent' in work pool 'more' paused/],
    ['--no-prompt work-queue delete urgent --pool more', /Successfully deleted work queue 'urgent'/],
    ['--no-prompt work-pool delete more', /Deleted work pool 'more'/],
  ])('answers prefect %s', async (command, answer) => {
    expect(await prefect.cli(command.split(' '))).toMatch(answer);
  });
});

describe('deployments, flows and variables', () => {
  it.each([
    ['flow ls', /hello/],
    ['deployment schedule create hello/hello --interval 3600', /Created deployment schedule/],
    ['deployment schedule ls hello/hello', /interval: 1:00:00|3600/],
    ['deployment schedule clear hello/hello -y', /Cleared all schedules/],
    ['variable set colour green', /Set variable 'colour'/],
    ['variable get colour', /^"green"$/m],
    ['variable ls', /colour/],
    ['--no-prompt variable delete colour', /Unset variable 'colour'/],
    ['automation ls', /Automations/],
    ['task-run ls', /No task runs found/],
  ])('answers prefect %s', async (command, answer) => {
    expect(await prefect.cli(command.split(' '))).toMatch(answer);
  });
});

describe('profiles', () => {
  it('are created, pointed at the stack and used', async () => {
    const created = await prefect.cli(['profile', 'create', 'staging']);
    await prefect.cli(['--profile', 'staging', 'config', 'set', `PREFECT_API_URL=${stack.url}`]);
    const used = await prefect.cli(['profile', 'use', 'staging']);

    expect(created).toMatch(/Created profile/);
    expect(used).toMatch(/Connected to Prefect server using profile 'staging'/);
    expect(await prefect.cli(['profile', 'ls'])).toMatch(/\* staging/);
    expect(await prefect.cli(['profile', 'inspect', 'staging'])).toContain(`PREFECT_API_URL='${stack.url}'`);
  });
});

describe('automations', () => {
  beforeAll(async () => {
    const automation = {
      name: 'watcher',
      trigger: { type: 'event', posture: 'Reactive', expect: ['prefect.flow-run.Failed'], threshold: 1, within: 0 },
      actions: [{ type: 'do-nothing' }],
    };
    await writeFile(path.join(stack.folder, 'automation.json'), JSON.stringify(automation));
  });

  it.each([
    ['automation create --from-file automation.json', /Created automation 'watcher'/],
    ['automation inspect watcher', /prefect\.flow-run\.Failed/],
    ['automation pause watcher', /Paused automation/],
    ['automation resume watcher', /Resumed automation/],
    ['--no-prompt automation delete watcher', /Deleted automation with name 'watcher'/],
  ])('answer prefect %s', async (command, answer) => {
    expect(await prefect.cli(command.split(' '))).toMatch(answer);
  });
});

describe('runs', () => {
  it('are listed by state', async () => {
    const completed = await prefect.cli(['flow-run', 'ls', '--state', 'Completed', '--limit', '5']);
    const failed = await prefect.cli(['flow-run', 'ls', '--state', 'Failed']);

    expect(completed).toContain(runId);
    expect(failed).not.toContain(runId);
  });

  it('that have ended run again in a task of their own with prefect flow-run retry', async () => {
    const first = await seen.run(runId);

    await prefect.cli(['flow-run', 'retry', runId]);
    const again = await waitFor('the run to end a second time', async () => {
      const run = await seen.run(runId);
      return run.run_count === 2 && run.state_type === 'COMPLETED' ? run : undefined;
    });

    expect(again).toMatchObject({ state_type: 'COMPLETED', run_count: 2 });
    expect(again.infrastructure_pid).not.toBe(first.infrastructure_pid);
  });

  it('are gone after prefect flow-run delete', async () => {
    await prefect.cli(['--no-prompt', 'flow-run', 'delete', runId]);

    const { exitCode, output } = await prefect.run(['flow-run', 'inspect', runId]);

    expect(exitCode).toBe(1);
    expect(output).toMatch(/not found/);
  });
});
