import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { RegisterTaskDefinitionCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import {
  type EcsStack,
  isProcessAlive,
  outputOf,
  readOrEmpty,
  runOne,
  sessionMembers,
  startEcsStack,
  taskProcesses,
  untilStatus,
} from './local-ecs-stack.ts';

let stack: EcsStack;

beforeAll(async () => {
  stack = await startEcsStack();
});

afterAll(() => stack[Symbol.asyncDispose]());

// Each leaves its parent in another way; `sleep 300` is what must not be left.
const escapes = [
  ['in a session of its own', 'setsid sleep 300 &'],
  ['orphaned', '(sleep 300 &)'],
  ['in a session of its own, orphaned, with its output elsewhere', '(setsid sleep 300 >/dev/null 2>&1 &)'],
  ['without its environment', '(/usr/bin/env -i /bin/sleep 300 &)'],
] as const;

describe('the end of the first process', () => {
  it.each(escapes)('ends a descendant %s', async (_, start) => {
    const id = await stack.runShell(`${start}\nuntil [ -e go ]; do sleep 0.02; done; exit 5`);
    const pids = await sleepersOf(id);

    writeFileSync(path.join(stack.dataDir, 'tasks', id, 'work', 'go'), '');
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(detail).toMatchObject({ containers: [{ exitCode: 5 }] });
    expect(pids.filter(isProcessAlive)).toEqual([]);
  });
});

describe('StopTask', () => {
  it.each(escapes)('ends a descendant %s', async (_, start) => {
    const id = await stack.runShell(`${start}\nsleep 200`);
    const pids = await sleepersOf(id);

    await stack.client.send(new StopTaskCommand({ cluster: 'slipway', task: id, reason: 'enough' }));
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(detail).toMatchObject({
      stopCode: 'UserInitiated',
      stoppedReason: 'enough',
      containers: [{ exitCode: 143 }],
    });
    expect(pids.filter(isProcessAlive)).toEqual([]);
    expect(taskProcesses(id)).toEqual({ keepers: [], others: [] });
  });

  it('lets the first process end by itself on SIGTERM', async () => {
    const id = await stack.runShell('trap "echo bye; exit 9" TERM; echo ready; while :; do sleep 0.02; done');
    await waitFor('the trap to be set', () => outputOf(stack.dataDir, id) === 'ready\n');

    const reply = await stack.client.send(new StopTaskCommand({ cluster: 'slipway', task: id }));
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(reply.task).toMatchObject({ desiredStatus: 'STOPPED', lastStatus: 'STOPPING', stopCode: 'UserInitiated' });
    expect(detail).toMatchObject({ containers: [{ exitCode: 9 }] });
    expect(outputOf(stack.dataDir, id)).toBe('ready\nbye\n');
  });

  it('kills a first process that ignores SIGTERM when its stopTimeout is over, not before', async () => {
    const id = await stack.runShell('trap "" TERM; echo ready; while :; do sleep 0.02; done', { stopTimeout: 1 });
    await waitFor('the trap to be set', () => outputOf(stack.dataDir, id) === 'ready\n');
    const before = performance.now();

    await stack.client.send(new StopTaskCommand({ cluster: 'slipway', task: id }));
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(performance.now() - before).toBeGreaterThan(990);
    expect(detail).toMatchObject({ stopCode: 'UserInitiated', containers: [{ exitCode: 137 }] });
  });

  it('before the process is there stops the task without an exit code', async () => {
    const never = new Promise<undefined>(() => undefined);
    await using slow = await startEcsStack({ secret: () => never });
    const id = await slow.runShell('true', { secrets: [{ name: 'X', valueFrom: 'slow' }] });
    await untilStatus(slow.events, id, 'PENDING');

    const reply = await slow.client.send(new StopTaskCommand({ cluster: 'slipway', task: id }));

    expect(reply.task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated' });
    expect(JSON.stringify(reply.task)).not.toContain('exitCode');
  });

  it('says nothing new about a task that has stopped', async () => {
    const id = await stack.runShell('exit 3');
    await untilStatus(stack.events, id, 'STOPPED');

    const reply = await stack.client.send(new StopTaskCommand({ cluster: 'slipway', task: id, reason: 'late' }));

    expect(reply.task).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited' });
  });
});

describe('a task of several containers', () => {
  it('ends the others when an essential one exits, and only then', async () => {
    await stack.client.send(
      new RegisterTaskDefinitionCommand({
        family: 'several',
        containerDefinitions: [
          { name: 'side', image: 'none', essential: false, command: ['/bin/sh', '-c', 'exit 1'] },
          { name: 'helper', image: 'none', essential: false, command: ['/bin/sh', '-c', 'sleep 300'] },
          { name: 'main', image: 'none', command: ['/bin/sh', '-c', 'until [ -e go ]; do sleep 0.02; done'] },
        ],
      }),
    );
    const id = await runOne(stack.client, { taskDefinition: 'several' });
    await untilStatus(stack.events, id, 'RUNNING');
    await waitFor('the first sidecar to end', () =>
      stack.events.some(
        ({ detail }) => JSON.stringify(detail).includes(id) && JSON.stringify(detail).includes('"exitCode":1'),
      ),
    );
    await waitFor('two containers to be left', () => taskProcesses(id).keepers.length === 2);

    writeFileSync(path.join(stack.dataDir, 'tasks', id, 'work', 'go'), '');
    const detail = await untilStatus(stack.events, id, 'STOPPED');

    expect(detail).toMatchObject({
      stopCode: 'EssentialContainerExited',
      containers: [
        { name: 'side', exitCode: 1 },
        { name: 'helper', exitCode: 143 },
        { name: 'main', exitCode: 0 },
      ],
    });
    expect(taskProcesses(id)).toEqual({ keepers: [], others: [] });
  });
});

/** Waits for the process that must not be left, which may carry no mark at all, and answers it with its relatives. */
async function sleepersOf(id: string): Promise<number[]> {
  return waitFor('the descendant to run', () => {
    const { keepers, others } = taskProcesses(id);
    const pids = [...new Set([...others, ...keepers.flatMap(sessionMembers)])].filter((pid) => !keepers.includes(pid));
    const isThere = pids.some((pid) => /^(?:\/bin\/)?sleep 300 $/.test(commandOf(pid)));
    return isThere ? pids : undefined;
  });
}

function commandOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}
