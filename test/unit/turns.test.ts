// Work that a process does once at a time, for all who ask meanwhile.

import { describe, expect, it } from 'vitest';
import { createTurns } from '../../shared/adapters/turns.ts';

function aWorkshop() {
  const takeTurn = createTurns<string, string>();
  const turns: { readonly asked: readonly string[]; readonly end: (answer: string | Error) => void }[] = [];
  const ask = (name: string) =>
    takeTurn(name, (asked) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      turns.push({ asked, end: (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)) });
      return promise;
    });
  const asked = () => turns.map((turn) => [...turn.asked]);
  return { ask, asked, end: (turn: number, answer: string | Error) => turns[turn]?.end(answer) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('begin at once where nobody has one', async () => {
    const { ask, asked } = aWorkshop();

    void ask('one');
    await settled();

    expect(asked()).toEqual([['one']]);
  });

  it('are shared by all who ask during the one before', async () => {
    const { ask, asked, end } = aWorkshop();
    const first = ask('one');
    await settled();
    const others = [ask('two'), ask('three')];
    await settled();
    const during = asked();

    end(0, 'first');
    await settled();
    end(1, 'second');

    expect(during).toEqual([['one']]);
    expect(asked()).toEqual([['one'], ['two', 'three']]);
    expect(await Promise.all([first, ...others])).toEqual(['first', 'second', 'second']);
  });

  it('fail for all who share them, and the next one begins all the same', async () => {
    const { ask, asked, end } = aWorkshop();
    const failing = ask('one');
    await settled();
    const next = ask('two');

    end(0, new Error('broken'));
    await settled();
    end(1, 'done');

    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('done');
    expect(asked()).toEqual([['one'], ['two']]);
  });
});
