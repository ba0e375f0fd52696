// Brings the answers of two servers to one form and says where they differ.
// Ids become the names they go by in the sequence; moments near now, made-up names and wordings become placeholders.
import type { Answer } from './server.ts';

/** What stands at one place of an answer; `undefined` when the place is missing. */
export type Difference = { readonly at: string; readonly theirs: unknown; readonly ours: unknown };

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const moment = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?$/;
const madeUpName = /^[a-z]+-[a-z]+(?:-[a-z]+)?$/;
const threeHours = 10_800_000;

/** Numbers that depend on how long something took. */
const durations = new Set([
  'total_run_time',
  'estimated_run_time',
  'estimated_start_time_delta',
  'average_lateness',
  'duration',
  'Retry-After',
  'sum_estimated_run_time',
  'sum_estimated_lateness',
  'estimated_lateness',
  'lateness',
]);

/** `names`: what this server's ids are called in the sequence. */
export function plain(answer: Answer, names: ReadonlyMap<string, string>): unknown {
  const body = answer.status >= 400 ? shapeOf(answer) : plainValue(answer.body ?? '', '', names);
  return { status: answer.status, body };
}

/** Of a refusal only the kind: which fields it has. What is not there is told under either of two names. */
function shapeOf({ status, body }: Answer): unknown {
  if (status === 404) return isRecord(body) && ('detail' in body || 'exception_message' in body) ? '<not found>' : body;
  return isRecord(body)
    ? Object.fromEntries(
        Object.keys(body)
          .sort()
          .map((key) => [key, '<words>']),
      )
    : typeof body;
}

function plainValue(value: unknown, key: string, names: ReadonlyMap<string, string>): unknown {
  // Tags are a set: no server promises their order.
  if (key === 'tags' && Array.isArray(value)) return value.map(String).sort();
  if (Array.isArray(value)) return value.map((entry) => plainValue(entry, '', names));
  if (isRecord(value)) {
    const entries = Object.entries(value).map(([name, entry]) => [
      plainText(name, names),
      plainValue(entry, name, names),
    ]);
    return Object.fromEntries(entries);
  }
  if (typeof value === 'number') return durations.has(key) ? '<seconds>' : value;
  if (typeof value !== 'string') return value;
  if (key === 'reason' || key === 'error') return '<words>';
  if (moment.test(value)) return plainMoment(value);
  if ((key === 'name' || key === 'flow_run_name') && madeUpName.test(value)) return '<made-up name>';
  return plainText(value, names);
}

function plainText(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(uuid, (id) => names.get(id.toLowerCase()) ?? '<id>');
}

function plainMoment(text: string): string {
  const time = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return Math.abs(time - Date.now()) < threeHours ? '<about now>' : new Date(time).toISOString();
}

/** The places where both differ; in lists without an order, members are compared as a set. */
export function differences(theirs: unknown, ours: unknown, isUnordered: boolean): readonly Difference[] {
  if (isRecord(theirs) && isRecord(ours) && theirs['status'] !== ours['status']) {
    return [{ at: '.status', theirs: theirs['status'], ours: ours['status'] }];
  }
  return isUnordered ? compare(sorted(theirs), sorted(ours), '') : compare(theirs, ours, '');
}

function compare(theirs: unknown, ours: unknown, at: string): readonly Difference[] {
  if (Array.isArray(theirs) && Array.isArray(ours)) {
    if (theirs.length !== ours.length) return [{ at: `${at}.length`, theirs, ours }];
    return theirs.flatMap((entry, index) => compare(entry, ours[index], `${at}[]`));
  }
  if (isRecord(theirs) && isRecord(ours)) {
    const keys = new Set([...Object.keys(theirs), ...Object.keys(ours)]);
    return [...keys].flatMap((key) => compare(theirs[key], ours[key], `${at}.${key}`));
  }
  return Object.is(theirs, ours) ? [] : [{ at, theirs, ours }];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).sort((one, other) => order(JSON.stringify(one), JSON.stringify(other)));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
