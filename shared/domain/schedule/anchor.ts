// Gives a recurrence rule without a start one of its own when it is saved, as Prefect's server does: a recent one in
// phase where the rule fires by minutes or seconds, so that nobody counts from years ago.
import { defaultRuleStart, parseRules } from './rrule-text.ts';
import { wallAt } from './zone.ts';

export function anchored(rrule: string, { now, zone }: { readonly now: number; readonly zone: string }): string {
  if (/DTSTART/i.test(rrule)) return rrule;
  const set = parseRules(rrule);
  if ('problem' in set) return rrule;
  const [rule, ...more] = set.rules;
  const isSet = set.dates.length + set.exceptDates.length + set.exceptRules.length + more.length > 0;
  const unit = rule?.frequency === 'SECONDLY' ? 1000 : rule?.frequency === 'MINUTELY' ? 60_000 : undefined;
  const since = wallAt(zone, now) - defaultRuleStart;
  if (rule === undefined || isSet || unit === undefined || rule.count !== undefined || since <= 0) {
    return withStart(rrule, defaultRuleStart);
  }
  const period = unit * rule.interval;
  return withStart(rrule, defaultRuleStart + Math.floor(since / period) * period);
}

function withStart(rrule: string, wall: number): string {
  const text = new Date(wall).toISOString().slice(0, 19).replace(/[-:]/g, '');
  return `DTSTART:${text}\n${rrule}`;
}
