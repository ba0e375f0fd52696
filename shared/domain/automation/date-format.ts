// Python's strftime and the words of its humanize package, in English and UTC.

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const two = (value: number): string => String(value).padStart(2, '0');

function field(date: Date, code: string): string | undefined {
  const month = months[date.getUTCMonth()] ?? '';
  const day = days[date.getUTCDay()] ?? '';
  const hour = date.getUTCHours();
  switch (code) {
    case 'Y':
      return String(date.getUTCFullYear());
    case 'y':
      return two(date.getUTCFullYear() % 100);
    case 'm':
      return two(date.getUTCMonth() + 1);
    case 'd':
      return two(date.getUTCDate());
    case 'H':
      return two(hour);
    case 'I':
      return two(hour % 12 === 0 ? 12 : hour % 12);
    case 'M':
      return two(date.getUTCMinutes());
    case 'S':
      return two(date.getUTCSeconds());
    case 'f':
      return `${String(date.getUTCMilliseconds()).padStart(3, '0')}000`;
    case 'p':
      return hour < 12 ? 'AM' : 'PM';
    case 'B':
      return month;
    case 'b':
      return month.slice(0, 3);
    case 'A':
      return day;
    case 'a':
      return day.slice(0, 3);
    case 'j':
      return String(dayOfYear(date)).padStart(3, '0');
    case 'Z':
      return 'UTC';
    case 'z':
      return '+0000';
    case 's':
      return String(Math.floor(date.getTime() / 1000));
    case '%':
      return '%';
    default:
      return undefined;
  }
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
}

const shortHands: ReadonlyMap<string, string> = new Map([
  ['F', '%Y-%m-%d'],
  ['T', '%H:%M:%S'],
  ['D', '%m/%d/%y'],
  ['R', '%H:%M'],
  ['c', '%a %b %d %H:%M:%S %Y'],
  ['x', '%m/%d/%y'],
  ['X', '%H:%M:%S'],
]);

/** `%` codes that are not known stay as they are. */
export function formatDate(date: Date, format: string): string {
  const long = format.replace(/%([A-Za-z])/g, (whole, code: string) => shortHands.get(code) ?? whole);
  return long.replace(/%([A-Za-z%])/g, (whole, code: string) => field(date, code) ?? whole);
}

const steps = [
  { name: 'second', seconds: 1, most: 60 },
  { name: 'minute', seconds: 60, most: 60 },
  { name: 'hour', seconds: 3600, most: 24 },
  { name: 'day', seconds: 86_400, most: 30 },
  { name: 'month', seconds: 2_629_800, most: 12 },
  { name: 'year', seconds: 31_557_600, most: Number.POSITIVE_INFINITY },
] as const;

/** A duration in words: `a minute`, `3 hours`. */
export function naturalDelta(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 1) return 'a moment';
  const step = steps.find(({ seconds: unit, most }) => size < unit * most) ?? steps[steps.length - 1];
  const { name, seconds: unit } = step ?? steps[0];
  const count = Math.floor(size / unit);
  if (count > 1) return `${count} ${name}s`;
  return name === 'hour' ? 'an hour' : `a ${name}`;
}

/** How long ago, or how far ahead. */
export function naturalTime(at: number, now: number): string {
  const seconds = (now - at) / 1000;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds > 0 ? `${naturalDelta(seconds)} ago` : `${naturalDelta(seconds)} from now`;
}
