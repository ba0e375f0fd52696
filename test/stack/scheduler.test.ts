// The minute ticks of the local stack, on a fake clock.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Lambda } from '../../local/lambda.ts';
import { type Scheduler, startScheduler } from '../../local/scheduler.ts';

let scheduler: Scheduler | undefined;

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2026-01-01T10:00:20.500Z') }));

afterEach(async () => {
  await scheduler?.close();
  vi.useRealTimers();
});

function start(invoke: (event: unknown) => Promise<unknown>): void {
  const clock: Lambda = { name: 'clock', invoke };
  scheduler = startScheduler({ clock, report: () => undefined });
}

describe('the scheduler', () => {
  it('ticks at the start and then on each minute, with the time it was scheduled for', async () => {
    const events: unknown[] = [];
    start(async (event) => void events.push(event));

    await vi.advanceTimersByTimeAsync(2 * 60_000);

    expect(events).toEqual([
      { scheduledTime: '2026-01-01T10:00:20Z' },
      { scheduledTime: '2026-01-01T10:01:00Z' },
      { scheduledTime: '2026-01-01T10:02:00Z' },
    ]);
  });

  it('drops the ticks of the minutes in which the machine slept', async () => {
    const events: unknown[] = [];
    start(async (event) => void events.push(event));

    vi.setSystemTime('2026-01-01T10:30:10Z');
    await vi.advanceTimersByTimeAsync(60_000);

    expect(events).toEqual([{ scheduledTime: '2026-01-01T10:00:20Z' }, { scheduledTime: '2026-01-01T10:31:00Z' }]);
  });

  it('goes on after a tick that failed, and does not wait for one that is slow', async () => {
    let calls = 0;
    const gate = Promise.withResolvers<void>();
    start(() => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error('no')) : gate.promise;
    });

    await vi.advanceTimersByTimeAsync(3 * 60_000);
    gate.resolve();

    expect(calls).toBe(4);
  });

  it('ticks no more once it is closed, and waits for the tick under way', async () => {
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    start(() => {
      calls += 1;
      return gate.promise;
    });
    let isClosed = false;

    const closing = scheduler?.close().then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    const wasClosedEarly = isClosed;
    gate.resolve();
    await closing;

    expect([calls, wasClosedEarly, isClosed]).toEqual([1, false, true]);
  });
});
