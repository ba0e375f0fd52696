// Wall-clock times in IANA zones. A wall time is the epoch milliseconds that it would be in UTC.
// Where clocks are set back a wall time has two instants (fold 0 and 1), where they are set forward it has none.

export type Fold = 0 | 1;

const dayMilliseconds = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

/** How far the clocks of a zone are ahead of UTC at an instant, in milliseconds. */
export function offsetAt(zone: string, instant: number): number {
  if (zone === 'UTC') return 0;
  const whole = Math.floor(instant / 1000) * 1000;
  const parts = formatOf(zone).formatToParts(whole);
  const fields = new Map<string, number>(parts.map(({ type, value }) => [type, Number(value)]));
  const field = (type: string): number => fields.get(type) ?? 0;
  const wall = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  );
  return wall - whole;
}

export function wallAt(zone: string, instant: number): number {
  return instant + offsetAt(zone, instant);
}

/** Which of the two instants of an ambiguous wall time this one is. */
export function foldAt(zone: string, instant: number): Fold {
  const [first, second] = offsetsOf(zone, wallAt(zone, instant));
  return first > second && offsetAt(zone, instant) === second ? 1 : 0;
}

/**
 * The offsets of a wall time: the same one twice, or those before and after the clocks are set.
 * The first is larger where the wall time comes twice, smaller where it is skipped.
 */
export function offsetsOf(zone: string, wall: number): readonly [number, number] {
  if (zone === 'UTC') return [0, 0];
  const before = offsetAt(zone, wall - dayMilliseconds);
  const after = offsetAt(zone, wall + dayMilliseconds);
  if (before === after) return [before, before];
  const isBefore = offsetAt(zone, wall - before) === before;
  const isAfter = offsetAt(zone, wall - after) === after;
  if (isBefore === isAfter) return [before, after];
  return isBefore ? [before, before] : [after, after];
}

/**
 * The instant of a wall time. A skipped one is moved by the size of the gap: back for fold 0, forward for fold 1,
 * as the library of dates does that Prefect's server uses.
 */
export function instantOf(zone: string, wall: number, fold: Fold): number {
  const [before, after] = offsetsOf(zone, wall);
  const moved = after <= before ? wall : wall + (fold === 1 ? after - before : before - after);
  const [first, second] = after <= before ? [before, after] : offsetsOf(zone, moved);
  return moved - (fold === 1 ? second : first);
}
