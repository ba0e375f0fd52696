// Basic authentication against the one string of the stack, as a Prefect server with an auth string does it.
// Only GET /health and /ready answer without it; a wrong string is never told apart from a missing one.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { basePath } from '../../shared/contract/define-routes.ts';
import { basicCredentials, isSameSecret } from '../credentials.ts';
import { Refusal } from './refusal.ts';

const openPaths = new Set(['/health', '/ready'].map((path) => `${basePath}${path}`));

/** Whether the request goes to a probe. The slash form is the same probe; nothing longer is. */
export function isProbe(method: string, path: string): boolean {
  return method === 'GET' && openPaths.has(path.replace(/\/$/, ''));
}

export async function checkAuth(event: APIGatewayProxyEventV2, readAuthString: () => Promise<string>): Promise<void> {
  const sent = basicCredentials(event.headers['authorization']);
  if (sent === undefined || !isSameSecret(sent, await readAuthString()))
    throw new Refusal('unauthorized', 'Unauthorized');
}
