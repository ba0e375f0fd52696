// When the local ECS starts what RunTask has booked, on a fake clock.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQuietIn, noUrgentWork, urgent } from '../../local/courtesy.ts';
import { StartOrder } from '../../local/ecs/start-order.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));

afterEach(() => void vi.useRealTimers());

function anOrder() {
  const work = noUrgentWork();
  const started: string[] = [];
  const order = new StartOrder((taskId) => void started.push(taskId), createQuietIn(work));
  const invocation = Promise.withResolvers<void>();
  const lambda = urgent({ name: 'api', invoke: () => invocation.promise }, work);
  return { order, started, invoke: () => lambda.invoke({}), answer: invocation.resolve };
}

describe('the order in which booked tasks start', () => {
  it('starts a task that comes alone at once, although somebody waits for the stack', async () => {
    const { order, started, invoke } = anOrder();
    void invoke();

    order.add('one');
    await vi.advanceTimersByTimeAsync(1);

    expect(started).toEqual(['one']);
  });

  it('starts five a second while somebody waits for the stack', async () => {
    const { order, started, invoke } = anOrder();
    void invoke();

    for (let task = 0; task < 100; task += 1) order.add(String(task));
    await vi.advanceTimersByTimeAsync(1_001);

    expect(started.length).toBe(6);
  });

  it('starts all others as soon as nobody waits', async () => {
    const { order, started, invoke, answer } = anOrder();
    const answered = invoke();
    for (let task = 0; task < 100; task += 1) order.add(String(task));
    await vi.advanceTimersByTimeAsync(10);

    answer();
    await answered;
    await vi.advanceTimersByTimeAsync(200);

    expect(started).toEqual(Array.from({ length: 100 }, (_, task) => String(task)));
  });
});
