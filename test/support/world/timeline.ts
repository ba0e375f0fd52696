// A seed that failed, for people: what was violated, the command that plays it again, and what happened around it.
import type { SeedReport } from './play.ts';

const clock = (at: number) => new Date(at).toISOString().slice(11, 23);

export function describeFailure(report: SeedReport, options = ''): string {
  const named = new Set(report.violations.flatMap(({ what }) => what.match(/[0-9a-f]{6}(?=$|[^0-9a-f-])/g) ?? []));
  const around = report.lines.filter(({ text }) => [...named].some((name) => text.includes(name)));
  return [
    `seed ${report.seed} violates ${report.violations.length === 0 ? 'nothing' : 'this'}:`,
    ...report.violations.map(
      ({ invariant, what, at }) => `  ${at === undefined ? '' : `${clock(at)} `}${invariant}: ${what}`,
    ),
    `play it again: npm run faults -- --seed ${report.seed}${options}`,
    ...(around.length === 0 ? report.lines : around).map(({ at, text }) => `    ${clock(at)} ${text}`),
  ].join('\n');
}
