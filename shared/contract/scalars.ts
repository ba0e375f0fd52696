// The small types of the wire: ids, times, names, labels, limits. Times come in as text and are epoch milliseconds
// inside; what the wire leaves out stays left out, so that an update knows which fields were sent.
import { z } from 'zod';
import type { Json, JsonObject } from '../domain/json.ts';

/** Any spelling of a UUID that Python reads; inside it is lower case with hyphens. */
export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, 'Input should be a valid UUID')
  .transform((text) =>
    text
      .replaceAll('-', '')
      .toLowerCase()
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  )
  .meta({ format: 'uuid' });

/**
 * ISO 8601 with `T` or a space (the client sends both); without an offset it is UTC.
 * Epoch milliseconds, with fractions for microseconds.
 */
export const time = z
  .string()
  .transform((text, context): number => {
    const at = epochMilliseconds(text);
    if (at !== undefined) return at;
    context.addIssue({ code: 'custom', message: 'Input should be a valid datetime' });
    return z.NEVER;
  })
  .meta({ format: 'date-time' });

const timePattern =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

function epochMilliseconds(text: string): number | undefined {
  const match = timePattern.exec(text.trim());
  if (match === null) return undefined;
  const [, day = '', clock = '00:00', seconds = '00', fraction = '', zone = 'Z'] = match;
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const whole = Date.parse(`${day}T${clock}:${seconds}${offset.toUpperCase()}`);
  if (Number.isNaN(whole)) return undefined;
  return fraction === '' ? whole : whole + Number(`0.${fraction}`) * 1000;
}

/** The same, cut to whole milliseconds. */
export const millisecond = time.transform(Math.floor).meta({ format: 'date-time' });

/** Times that we answer are text already. */
export const timeText = z.string().meta({ format: 'date-time' });
export const timeOrNull = timeText.nullable();

/** Seconds: a number, or one of the texts that Python's timedelta reads. */
export const durationSeconds = z
  .union([z.number(), z.string()])
  .transform((value, context): number => {
    const seconds = typeof value === 'number' ? value : secondsOf(value);
    if (seconds !== undefined) return seconds;
    context.addIssue({ code: 'custom', message: 'Input should be a valid timedelta' });
    return z.NEVER;
  })
  .meta({ type: 'number' });

function secondsOf(text: string): number | undefined {
  const iso = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (iso !== null && text.length > 1) {
    const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = iso.slice(1).map((part) => Number(part ?? 0));
    return ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds;
  }
  const clock = /^(?:(\d+) days?,? )?(\d+):(\d{2})(?::(\d{2}(?:\.\d+)?))?$/.exec(text);
  if (clock === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = clock.slice(1).map((part) => Number(part ?? 0));
  return (days * 24 + hours) * 3600 + minutes * 60 + seconds;
}

/** Whatever JSON.parse gave: not looked into, not copied. */
export const json = z.custom<Json>((value) => value !== undefined, 'Field required');

export const jsonObject = z
  .custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'Input should be a valid dictionary',
  )
  .meta({ override: { type: 'object', additionalProperties: true } });

/** Names that appear in paths. */
export const name = z.string().regex(/^[^/%&><]+$/, "String should match pattern '^[^/%&><]+$'");
export const nonEmptyName = name.refine((text) => text.replace(/^['" ]+|['" ]+$/g, '') !== '', {
  message: 'name cannot be an empty string',
});

export const labels = z.record(z.string(), z.union([z.boolean(), z.number(), z.string()]));

export const positive = z.number().int().positive();
export const notNegative = z.number().int().min(0);

/** Prefect caps the serialized size; what is over is told by both sizes. */
export const parameters = jsonObject.superRefine((value, context) => {
  const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
  if (bytes <= largestParametersBytes) return;
  const message = `Flow run parameters must be less than 524,288 bytes when serialized (got ${bytes.toLocaleString('en-US')} bytes).`;
  context.addIssue({ code: 'custom', message });
});
const largestParametersBytes = 524_288;

/** Yes or no in a query, in any spelling that pydantic reads; no when it is left out. */
export const queryFlag = z
  .string()
  .default('false')
  .transform((text, context): boolean => {
    const word = text.toLowerCase();
    if (['true', '1', 'yes', 'on', 't', 'y'].includes(word)) return true;
    if (['false', '0', 'no', 'off', 'f', 'n'].includes(word)) return false;
    context.addIssue({ code: 'custom', message: 'Input should be a valid boolean, unable to interpret input' });
    return z.NEVER;
  })
  .meta({ override: { type: 'boolean', default: false } });

/** `null` means the default. What is over the top is refused by the handler in Prefect's words. */
export const limit = z.number().int().nullish();
export const offset = z.number().int().min(0).nullish();
/** Bulk operations take so many at once. */
export const bulkLimit = z.number().int().min(1).max(50).default(50);
export const page = z.number().int().min(1).nullish();

/**
 * A body of several named fields, read as FastAPI reads embedded bodies: a field that is null counts as left out, no
 * body as an empty one, and unknown fields are ignored.
 */
export function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(withoutNulls, z.object(shape));
}

function withoutNulls(value: unknown): unknown {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

export function pageOf<Item extends z.ZodType>(id: string, item: Item) {
  return z
    .object({
      results: z.array(item),
      count: z.number().int(),
      limit: z.number().int(),
      pages: z.number().int(),
      page: z.number().int(),
    })
    .meta({ id });
}
