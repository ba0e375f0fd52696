// A few calls of our own API, as any client would make them.

import { z } from 'zod';

/**
 * Calls a route below `apiUrl` with a JSON body and checks the answer.
 *
 * @throws Error with the status and the start of the body when the status is not 2xx
 */
export async function callApi<Schema extends z.ZodType>(
  route: { readonly apiUrl: string; readonly method?: 'GET' | 'POST'; readonly path: string; readonly body?: object },
  schema: Schema,
): Promise<z.output<Schema>> {
  const { apiUrl, method = route.body === undefined ? 'GET' : 'POST', path, body } = route;
  const answer = await fetch(`${apiUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 300)}`);
  return schema.parse(text === '' ? undefined : JSON.parse(text));
}

export const identified = z.object({ id: z.string() });
