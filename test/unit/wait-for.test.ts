// A wait ends with what was looked for, or with an error that says what was seen instead.

import { expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { waitFor, waitUntil } from '../support/wait-for.ts';

const soon = { deadlineSeconds: 0.1, everyMilliseconds: 5 };

it('gives the first thing found, errors and nothings before it forgiven', async () => {
  const looks = [
    () => undefined,
    () => false as const,
    () => {
      throw new Error('not there yet');
    },
    () => 0,
  ];

  const found = await waitFor('a number', () => looks.shift()?.(), soon);

  expect(found).toBe(0);
});

it('tells what it waited for and the error it saw last', async () => {
  const waiting = waitFor('the port', () => Promise.reject(new Error('connection refused')), soon);

  await expect(waiting).rejects.toThrow('waited 0.1 s for the port; last seen: Error: connection refused');
});

it('tells the value that was refused last', async () => {
  const waiting = waitUntil('the end', { look: () => ({ state: 'RUNNING' }), isWanted: () => false }, soon);

  await expect(waiting).rejects.toThrow("waited 0.1 s for the end; last seen: { state: 'RUNNING' }");
});

it('gives undefined when that is what is wanted', async () => {
  const seen = [1, undefined];

  const value = await waitUntil('nothing', { look: () => seen.shift(), isWanted: (one) => one === undefined }, soon);

  expect(value).toBeUndefined();
});

it('gives up on a look that never answers', async () => {
  const waiting = waitFor('an answer', () => new Promise<string>(() => undefined), soon);

  await expect(waiting).rejects.toThrow(
    'waited 0.1 s for an answer; last seen: nothing, the first look did not answer',
  );
});

it('finds ports above the reserved ones', async () => {
  expect(await freePort()).toBeGreaterThan(1023);
});
