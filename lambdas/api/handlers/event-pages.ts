// The token of an event page: what was asked, how many there are, and where the next page begins.
// It is the caller's to keep, so whatever comes back is parsed as strictly as any request.
import { z } from 'zod';
import { eventFilter } from '../../../shared/contract/event-filters.ts';
import { largestEventPage } from '../../../shared/contract/events.ts';
import { isoText } from '../../../shared/domain/iso-time.ts';
import type { EventPlace } from '../../../shared/ports/events.ts';
import type { BoundedFilter } from '../../../shared/use-cases/read-events.ts';
import { Refusal } from '../refusal.ts';

export type PageToken = {
  readonly filter: BoundedFilter;
  readonly total: number;
  readonly limit: number;
  /** Matching events before the page. */
  readonly offset: number;
  readonly after?: EventPlace | undefined;
};

const count = z.number().int().min(0);

const token = z.object({
  filter: eventFilter,
  total: count,
  limit: count.max(largestEventPage),
  offset: count,
  after: z.object({ occurred: z.number(), id: z.string() }).optional(),
});

export function writePageToken({ filter, ...rest }: PageToken): string {
  const occurred = { since: isoText(filter.occurred.since), until: isoText(filter.occurred.until) };
  return Buffer.from(JSON.stringify({ filter: { ...filter, occurred }, ...rest })).toString('base64url');
}

/** @throws Refusal forbidden, as Prefect answers a token that it cannot read */
export function readPageToken(text: string): PageToken {
  const parsed = token.safeParse(parsedJson(Buffer.from(text, 'base64url').toString('utf8')));
  const occurred = parsed.data?.filter.occurred;
  if (!parsed.success || occurred?.since === undefined || occurred.until === undefined) {
    throw new Refusal('forbidden', 'Forbidden');
  }
  const { filter, ...rest } = parsed.data;
  return { ...rest, filter: { ...filter, occurred: { since: occurred.since, until: occurred.until } } };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
