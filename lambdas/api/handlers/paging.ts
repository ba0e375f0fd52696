// Limits and pages of lists, with Prefect's default of 200 and its words for what is out of range.
import { Refusal } from '../refusal.ts';

const defaultLimit = 200;

/** @throws Refusal invalid_request */
export function limitOf(limit: number | null | undefined): number {
  const asked = limit ?? defaultLimit;
  if (asked < 0) throw new Refusal('invalid_request', 'Invalid limit: must be greater than or equal to 0.');
  if (asked > defaultLimit) {
    throw new Refusal('invalid_request', `Invalid limit: must be less than or equal to ${defaultLimit}.`);
  }
  return asked;
}

export type Window = { readonly offset: number; readonly limit: number };

export function windowOf(asked: {
  readonly limit?: number | null | undefined;
  readonly offset?: number | null | undefined;
}): Window {
  return { offset: asked.offset ?? 0, limit: limitOf(asked.limit) };
}

/** The window that a page number means; pages count from 1. */
export function pageWindow(asked: {
  readonly limit?: number | null | undefined;
  readonly page?: number | null | undefined;
}): Window & { readonly page: number } {
  const limit = limitOf(asked.limit);
  const page = asked.page ?? 1;
  return { limit, page, offset: (page - 1) * limit };
}

export function cut<T>(items: readonly T[], { offset, limit }: Window): readonly T[] {
  return items.slice(offset, offset + limit);
}

export function paged<T>(results: T[], count: number, { limit, page }: { limit: number; page: number }) {
  return { results, count, limit, pages: limit > 0 ? Math.ceil(count / limit) : 0, page };
}
