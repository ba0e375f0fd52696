// The sum over many seeds: what was played, what was injected where, and what failed.
import { faultsOf, roadFaults } from './fault-plan.ts';
import type { SeedReport } from './play.ts';

export type Tally = {
  seeds: number;
  runs: number;
  tasks: number;
  seconds: number;
  /** Seeds with fewer than 30 faults, or of fewer than 6 kinds. */
  quiet: number;
  readonly injected: Record<string, number>;
  readonly calls: Record<string, number>;
  readonly violations: { readonly seed: number; readonly invariant: string; readonly what: string }[];
};

export const emptyTally = (): Tally => ({
  seeds: 0,
  runs: 0,
  tasks: 0,
  seconds: 0,
  quiet: 0,
  injected: {},
  calls: {},
  violations: [],
});

export function addReport(tally: Tally, report: SeedReport): void {
  const faults = [...report.injected].reduce((sum, [, count]) => sum + count, 0);
  const kinds = new Set([...report.injected.keys()].map((cell) => cell.split(' ')[0]));
  tally.seeds += 1;
  tally.runs += report.runs;
  tally.tasks += report.tasks;
  if (faults < 30 || kinds.size < 6) tally.quiet += 1;
  addCounts(tally.injected, report.injected);
  addCounts(tally.calls, report.calls);
  for (const { invariant, what } of report.violations) tally.violations.push({ seed: report.seed, invariant, what });
}

export function addTally(sum: Tally, more: Tally): void {
  sum.seeds += more.seeds;
  sum.runs += more.runs;
  sum.tasks += more.tasks;
  sum.seconds += more.seconds;
  sum.quiet += more.quiet;
  addCounts(sum.injected, new Map(Object.entries(more.injected)));
  addCounts(sum.calls, new Map(Object.entries(more.calls)));
  sum.violations.push(...more.violations);
}

function addCounts(sums: Record<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [cell, count] of counts) sums[cell] = (sums[cell] ?? 0) + count;
}

/** Each kind at each call that the seeds made, with how often it was injected. */
function cellsOf({ calls, injected }: Pick<Tally, 'calls' | 'injected'>): { cell: string; count: number }[] {
  const ofCalls = Object.keys(calls).flatMap((where) => {
    const [step = '', operation = ''] = where.split(':');
    return faultsOf(step, operation).map((fault) => `${fault} ${where}`);
  });
  const ofMessages = Object.entries(roadFaults).flatMap(([road, faults]) => faults.map((fault) => `${fault} ${road}`));
  const cells = new Set([...ofCalls, ...ofMessages, ...Object.keys(injected)]);
  return [...cells].sort().map((cell) => ({ cell, count: injected[cell] ?? 0 }));
}

export function describeTally(tally: Tally): string {
  const cells = cellsOf(tally);
  const kinds = Map.groupBy(cells, ({ cell }) => cell.split(' ')[0] ?? '');
  const lines = [...kinds].map(([kind, ofKind]) => {
    const places = ofKind.map(({ cell, count }) => `${cell.split(' ')[1]} ${count}`).join(', ');
    const sum = ofKind.reduce((total, { count }) => total + count, 0);
    return `  ${kind} ${sum}: ${places}`;
  });
  const rarest = cells.toSorted((one, other) => one.count - other.count)[0];
  return [
    'faults injected, by kind and call:',
    ...lines,
    `rarest: ${rarest?.cell ?? 'none'} (${rarest?.count ?? 0})`,
    `seeds ${tally.seeds}, runs ${tally.runs}, tasks ${tally.tasks}, faults ${cells.reduce((sum, { count }) => sum + count, 0)}, seeds with under 30 faults or 6 kinds ${tally.quiet}, violations ${tally.violations.length}, seconds ${Math.round(tally.seconds)}`,
  ].join('\n');
}

/** Cells that were injected too seldom for so many seeds. */
export function missedCells(tally: Tally): readonly string[] {
  const wanted = tally.seeds >= 20_000 ? 100 : tally.seeds >= 2_000 ? 1 : 0;
  return cellsOf(tally).flatMap(({ cell, count }) => (count < wanted ? [`${cell} (${count})`] : []));
}
