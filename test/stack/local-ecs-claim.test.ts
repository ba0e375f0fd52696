import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContainerFiles } from '../../local/ecs/container-files.ts';
import { ContainerHost } from '../../local/ecs/container-host.ts';
import { keeperOrder } from '../../local/ecs/container-keeper.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { killQuietly, outputOf, readOrEmpty } from './local-ecs-stack.ts';

let folder: TempDir;

beforeEach(async () => {
  folder = await tempDir('slipway-ecs-claim-');
});

afterEach(() => folder.remove());

describe('the claim of a container', () => {
  it('keeps a late start from running what was claimed for nobody', async () => {
    const files = new ContainerFiles(folder.path);
    const ended: string[] = [];
    const host = new ContainerHost((key) => ended.push(key));
    const command = ['/bin/sh', '-c', 'echo ran'];
    const start = { key: 'task/main', command, environment: new Map([['PATH', '/bin']]), workingDirectory: '/' };
    const isFree = files.claimForNobody('task/main', 1);

    await host.start('task/main', keeperOrder(files, { ...start, generation: 1 }));
    await waitFor('the late start to end', () => ended.length === 1);
    const afterLateStart = outputOf(folder.path, 'task');
    await host.start('task/main', keeperOrder(files, { ...start, generation: 2 }));
    await waitFor('the next start to end', () => ended.length === 2);

    expect(isFree).toBe(true);
    expect(afterLateStart).toBe('');
    expect(outputOf(folder.path, 'task')).toBe('ran\n');
    expect(files.claimForNobody('task/main', 1)).toBe(true);
    expect(files.claimForNobody('task/main', 2)).toBe(false);
    await host.close();
  });

  it('goes through when the process that starts containers has died', async () => {
    const files = new ContainerFiles(folder.path);
    const host = new ContainerHost(() => undefined);
    files.prepare('task/main');
    const helpers = readOrEmpty(`/proc/${process.pid}/task/${process.pid}/children`).trim().split(' ').map(Number);
    const helper = helpers.find((pid) => readOrEmpty(`/proc/${pid}/cmdline`).includes('container-host-process'));

    if (helper === undefined) throw new Error('expected the process that starts containers, found none');
    killQuietly(helper);
    const order = keeperOrder(files, {
      key: 'task/main',
      generation: 1,
      command: ['/bin/sh', '-c', 'echo ran'],
      environment: new Map(),
      workingDirectory: '/',
    });
    const problem = await host.start('task/main', order);

    expect(problem).toBeUndefined();
    await waitFor('the container to run', () => outputOf(folder.path, 'task') === 'ran\n');
    await host.close();
  });
});
