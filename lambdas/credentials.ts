// How callers prove that they know the auth string: HTTP Basic, or the bare string in a socket's first frame.
// Rule: comparing takes the same time whatever was sent, and a wrong string is never told apart from a missing one.
import { createHash, timingSafeEqual } from 'node:crypto';

/** What stands in an `Authorization: Basic …` header; undefined when there is none or it is something else. */
export function basicCredentials(header: string | undefined): string | undefined {
  const match = /^Basic\s+([A-Za-z0-9+/_=-]+)$/i.exec(header?.trim() ?? '');
  return match === null ? undefined : Buffer.from(match[1] ?? '', 'base64').toString('utf8');
}

/** Digests have one length, so the time tells nothing of the string, its length included. */
export function isSameSecret(sent: string, wanted: string): boolean {
  return timingSafeEqual(digest(sent), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
