import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { toTheirEnds } from '../../lambdas/clock/parts.ts';

it('lets every part of a tick end before the failure of one is told', async () => {
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  const told: string[] = [];

  const tick = toTheirEnds([Promise.reject(new Error('no table')), slow]).catch((error) => told.push(String(error)));
  await turn();
  const before = [...told];
  resolve();
  await tick;

  expect(before).toEqual([]);
  expect(told).toEqual(['Error: no table']);
});
