// ECS's events in AWS's own shape, from the queue to what they mean for a run: one row for each file.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { observeMessage } from '../../lambdas/observe/message.ts';
import { readTask } from '../../shared/adapters/ecs/task-codec.ts';
import { endingOf } from '../../shared/domain/run/closing.ts';
import { ownerOf } from '../../shared/domain/task/started-by.ts';
import type { SeenTask } from '../../shared/ports/tasks.ts';
import { anAttempt, aPushRun } from '../support/run-builders.ts';

const folder = path.join(import.meta.dirname, '../support/events');

function seenIn(name: string): SeenTask {
  const message = observeMessage.parse(JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')));
  if ('kind' in message) throw new Error(`${name} is no event`);
  return readTask(message.detail);
}

/** What the event means for a running run: by the engine's attempt, by a plain container's. */
const meanings = {
  'exited-0': ['await-words', 'COMPLETED'],
  'exited-3': ['CRASHED', 'FAILED'],
  'killed-137': ['CRASHED', 'FAILED'],
  'out-of-memory': ['CRASHED', 'FAILED'],
  'out-of-memory-largest': ['CRASHED', 'FAILED'],
  'out-of-memory-on-ec2': ['CRASHED', 'FAILED'],
  'out-of-memory-without-exit-code': ['CRASHED', 'FAILED'],
  'sidecar-exited-first': ['await-words', 'COMPLETED'],
  'sidecar-without-exit-code': ['await-words', 'COMPLETED'],
  'sidecar-failed-before-the-flow-ran': ['CRASHED', 'FAILED'],
  'essential-without-exit-code': ['restart', 'restart'],
  'null-exit-code': ['restart', 'restart'],
  'capacity-provider-gave-up': ['restart', 'restart'],
  'failed-to-start-without-reason': ['restart', 'restart'],
  'image-not-found': ['CRASHED', 'CRASHED'],
  'image-access-denied': ['CRASHED', 'CRASHED'],
  'image-wrong-platform': ['CRASHED', 'CRASHED'],
  'image-rate-limit': ['restart', 'restart'],
  'image-pull-timeout': ['restart', 'restart'],
  'disk-full-on-pull': ['CRASHED', 'CRASHED'],
  'secret-access-denied': ['CRASHED', 'CRASHED'],
  'secret-timeout': ['restart', 'restart'],
  'log-group-missing': ['CRASHED', 'CRASHED'],
  'network-interface-timeout': ['restart', 'restart'],
  'command-not-found': ['CRASHED', 'CRASHED'],
  'spot-interruption': ['restart', 'restart'],
  'spot-interruption-by-reason-alone': ['restart', 'restart'],
  'termination-notice': ['restart', 'restart'],
  'infrastructure-health': ['restart', 'restart'],
  'host-terminated': ['restart', 'restart'],
  'stopped-by-user': ['CRASHED', 'CRASHED'],
  'stopped-by-user-before-the-pull': ['CRASHED', 'CRASHED'],
  'service-scheduler': ['restart', 'restart'],
  'unknown-stop-code': ['restart', 'restart'],
  'unknown-stop-code-exited': ['await-words', 'COMPLETED'],
  'no-stop-code': ['CRASHED', 'FAILED'],
} as const;

function endings(name: string, reports: 'engine' | 'exit-code') {
  const { taskArn, task } = seenIn(name);
  return endingOf(aPushRun({ state: 'RUNNING' }), anAttempt({ reports, taskArn, task }));
}

function meaningOf(name: string, reports: 'engine' | 'exit-code'): string {
  const ending = endings(name, reports);
  return ending.kind === 'end' ? ending.state.type : ending.kind;
}

function messageOf(name: string): string {
  const ending = endings(name, 'exit-code');
  if (ending.kind === 'restart') return ending.reason;
  return ending.kind === 'end' ? (ending.state.message ?? '') : '';
}

describe('an event of ECS', () => {
  it('is recorded for each row, and has a row for each record', () => {
    const recorded = readdirSync(folder).map((file) => path.basename(file, '.json'));

    expect(recorded.sort()).toEqual([...Object.keys(meanings), 'running'].sort());
  });

  it.each(Object.entries(meanings))('means for its run: %s', (name, [byEngine, byContainer]) => {
    expect(meaningOf(name, 'engine')).toBe(byEngine);
    expect(meaningOf(name, 'exit-code')).toBe(byContainer);
  });

  it('of a task that has no containers tells why it got no host', () => {
    expect(seenIn('capacity-provider-gave-up').task.containers).toEqual([]);
    expect(messageOf('capacity-provider-gave-up')).toMatch(/^Capacity is unavailable at this time/);
    expect(messageOf('failed-to-start-without-reason')).toBe('the task failed to start');
  });

  it('names the next size when the container was killed for its memory', () => {
    expect(messageOf('out-of-memory')).toContain('of 2048 MiB. The next size is cpu 512 with memory 3072.');
    expect(messageOf('out-of-memory-largest')).toContain('of 122880 MiB. Give the task more.');
    expect(messageOf('out-of-memory-on-ec2')).not.toContain('next size');
    expect(messageOf('killed-137')).not.toContain('memory');
  });

  it('lets the flow’s container decide, and a sidecar only where that one never ran', () => {
    expect(messageOf('sidecar-exited-first')).toBe('');
    expect(messageOf('sidecar-failed-before-the-flow-ran')).toContain('code 2. container proxy exited');
  });

  it('of a running task tells whose it is and when it started', () => {
    const { startedBy, task } = seenIn('running');

    expect(ownerOf(startedBy)).toMatchObject({ stack: 'slipway', attempt: 1 });
    expect(task).toMatchObject({ lastStatus: 'RUNNING', version: 3, launchType: 'FARGATE', cpu: 256, memory: 512 });
    const { createdAt = 0, pullStartedAt = 0, pullStoppedAt = 0, startedAt = 0 } = task;
    expect([createdAt, pullStartedAt, pullStoppedAt, startedAt]).toEqual(
      [createdAt, pullStartedAt, pullStoppedAt, startedAt].toSorted((one, other) => one - other),
    );
    expect(createdAt).toBeGreaterThan(0);
  });
});
