// What is asked for in one turn of the event loop is answered by one call.
import { expect, it } from 'vitest';
import { together } from '../../shared/adapters/together.ts';

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

it.each([
  [3, [3]],
  [4, [4]],
  [9, [4, 4, 1]],
])('asks for %d in calls of %j, and for nothing in none', async (count, sizes) => {
  const calls: number[] = [];
  const ask = together<number, number>(async (asked) => {
    calls.push(asked.length);
    return asked.map((one) => one * 2);
  }, 4);

  const answers = await Promise.all(Array.from({ length: count }, (_, at) => ask(at)));
  await settled();

  expect(answers).toEqual(Array.from({ length: count }, (_, at) => at * 2));
  expect(calls).toEqual(sizes);
});
