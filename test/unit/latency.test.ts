// Where the time before a run's first line of code went.
import { describe, expect, it } from 'vitest';
import { latencyOf } from '../../shared/domain/run/latency.ts';
import { anAttempt, aState, aTask, second, start } from '../support/run-builders.ts';

const at = (seconds: number) => start + seconds * second;
const claimed = aState('PENDING', { timestamp: at(0), details: { scheduledTime: at(-2) } });
const task = aTask('RUNNING', {
  createdAt: at(1),
  pullStartedAt: at(11),
  pullStoppedAt: at(31),
  startedAt: at(33),
});
const partsOf = (...given: Parameters<typeof latencyOf>) =>
  Object.fromEntries(latencyOf(...given).parts.map(({ part, ms }) => [part, ms / second]));

describe('start latency', () => {
  it('is broken down from the due time to the engine’s first word', () => {
    const history = [aState('SCHEDULED', { timestamp: at(-9) }), claimed, aState('RUNNING', { timestamp: at(40) })];
    const attempt = anAttempt({ taskArn: 'arn', taskKnownAt: at(1), task });

    expect(partsOf(attempt, history)).toEqual({
      queued: 2,
      claimed: 1,
      provisioned: 10,
      pulled: 20,
      started: 2,
      engineUp: 7,
    });
    expect(latencyOf(attempt, history).totalMs).toBe(42 * second);
  });

  it('ends with RUNNING where no engine speaks', () => {
    const history = [claimed, aState('RUNNING', { timestamp: at(33) })];

    expect(Object.keys(partsOf(anAttempt({ reports: 'exit-code', taskKnownAt: at(1), task }), history))).toEqual([
      'queued',
      'claimed',
      'provisioned',
      'pulled',
      'started',
    ]);
  });

  it('counts what nobody told of within the next part', () => {
    const bare = aTask('RUNNING', { startedAt: at(33) });

    expect(partsOf(anAttempt({ taskKnownAt: at(1), task: bare }), [claimed])).toEqual({
      queued: 2,
      claimed: 1,
      started: 32,
    });
  });

  it('takes the time of the task itself where an event told of it before the answer', () => {
    expect(partsOf(anAttempt({ taskKnownAt: at(34), task }), [claimed])).toMatchObject({ claimed: 1, provisioned: 10 });
  });

  it('is never negative, although clocks differ', () => {
    const early = { ...task, createdAt: at(-1) };

    expect(partsOf(anAttempt({ taskKnownAt: at(1), task: early }), [claimed])).toMatchObject({ claimed: 0 });
  });

  it('is that of its own attempt', () => {
    const first = anAttempt({ task, taskKnownAt: at(1), closed: { at: at(50), end: 'stopped' } });
    const history = [claimed, aState('SCHEDULED', { timestamp: at(50) }), aState('RUNNING', { timestamp: at(90) })];

    expect(partsOf(first, history)).not.toHaveProperty('engineUp');
  });

  it('ends where the attempt has come to', () => {
    expect(partsOf(anAttempt(), [claimed])).toEqual({ queued: 2 });
  });
});
