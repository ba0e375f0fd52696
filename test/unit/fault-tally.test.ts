// What a long play of the fault harness says of its own reach.
import { expect, it } from 'vitest';
import { faultsOf, roadFaults } from '../support/world/fault-plan.ts';
import { describeTally, emptyTally, missedCells, type Tally } from '../support/world/tally.ts';

const call = 'submit:StopTask';
const kinds = faultsOf('submit', 'StopTask');
const road = Object.entries(roadFaults).flatMap(([where, faults]) => faults.map((fault) => `${fault} ${where}`));

/** Every kind at the one call that was made, and on every road, so often. */
function aTally(seeds: number, count: number, others: Record<string, number> = {}): Tally {
  const cells = [...kinds.map((kind) => `${kind} ${call}`), ...road].map((cell) => [cell, count] as const);
  return { ...emptyTally(), seeds, calls: { [call]: 1 }, injected: { ...Object.fromEntries(cells), ...others } };
}

it('wants each kind at each call a hundred times over 20,000 seeds', () => {
  expect(missedCells(aTally(20_000, 100))).toEqual([]);
  expect(missedCells(aTally(20_000, 100, { [`throttle ${call}`]: 99 }))).toEqual([`throttle ${call} (99)`]);
});

it('takes no zero over 2,000, and counts kinds that were never injected', () => {
  const cell = `crash-after ${call}`;
  const { [cell]: _never, ...injected } = aTally(2_000, 1).injected;

  expect(missedCells({ ...aTally(2_000, 1), injected })).toEqual([`${cell} (0)`]);
});

it('prints each kind with its calls, and the rarest', () => {
  const printed = describeTally(aTally(20_000, 100, { [`throttle ${call}`]: 7 }));

  expect(printed).toContain(`rarest: throttle ${call} (7)`);
  for (const kind of kinds) expect(printed).toMatch(new RegExp(`^ {2}${kind} \\d+: .*${call} \\d+`, 'm'));
});
