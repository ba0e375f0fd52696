// The Lambdas of the fault harness: what an invocation leaves behind may end its environment when nobody waits for it.
import { expect, it } from 'vitest';
import { diceFrom } from '../differential/sequences/dice.ts';
import { kill, type Program } from '../support/world/calls.ts';
import { createKernel } from '../support/world/kernel.ts';
import { createLambdas } from '../support/world/lambdas.ts';
import type { Deps } from '../support/world/wiring.ts';

it('takes no environment that has died while it was idle', async () => {
  const programs: Program[] = [];
  const wire = (program: Program): Deps => {
    programs.push(program);
    return {} as Deps;
  };
  const lambdas = createLambdas({ kernel: createKernel(0), dice: diceFrom(1), skewMs: 0, wire });
  const alive = async () => programs.filter(({ isDead }) => !isDead).length;
  while (programs.length < 3) await Promise.all([1, 2, 3].map(() => lambdas.invoke('api', async () => undefined)));
  for (const program of programs) void kill(program);

  expect(await lambdas.invoke('api', alive)).toEqual({ kind: 'done', value: 1 });
});
