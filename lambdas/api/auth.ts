// Basic authentication against the one string of the stack, as a Prefect server with an auth string does it.
// Only GET /health and /ready answer without it; a wrong string is never told apart from a missing one.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { basePath } from '../../shared/contract/define-routes.ts';
import { Refusal } from './refusal.ts';

const openPaths = new Set(['/health', '/ready'].map((path) => `${basePath}${path}`));

/** Whether the request goes to a probe. The slash form is the same probe; nothing longer is. */
export function isProbe(method: string, path: string): boolean {
  return method === 'GET' && openPaths.has(path.replace(/\/$/, ''));
}

export async function checkAuth(event: APIGatewayProxyEventV2, readAuthString: () => Promise<string>): Promise<void> {
  const sent = basicCredentials(event.headers['authorization']);
  if (sent === undefined || !isEqual(sent, await readAuthString())) throw new Refusal('unauthorized', 'Unauthorized');
}

function basicCredentials(header: string | undefined): string | undefined {
  const match = /^Basic\s+([A-Za-z0-9+/_=-]+)$/i.exec(header?.trim() ?? '');
  return match === null ? undefined : Buffer.from(match[1] ?? '', 'base64').toString('utf8');
}

/** Digests have one length, so the time tells nothing of the string, its length included. */
function isEqual(sent: string, wanted: string): boolean {
  return timingSafeEqual(digest(sent), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
