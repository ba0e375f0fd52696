// A few calls of our own API, as any client would make them. Not with fetch: that refuses ports such as 6000.

import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

export type ApiCall = {
  /** `http://127.0.0.1:PORT/api` */
  readonly apiUrl: string;
  readonly path: string;
  /** With a body it is a POST, without a GET. */
  readonly body?: object;
};

/**
 * Calls a route and checks the answer.
 *
 * @throws Error with the status and the start of the body when the status is not 2xx
 */
export async function callApi<Schema extends z.ZodType>(call: ApiCall, schema: Schema): Promise<z.output<Schema>> {
  const method = call.body === undefined ? 'GET' : 'POST';
  const sent = request(`${call.apiUrl}${call.path}`, { method, headers: { 'content-type': 'application/json' } });
  sent.end(call.body === undefined ? undefined : JSON.stringify(call.body));
  const [response] = await once(sent, 'response');
  const body = await text(response);
  const status = Number(response.statusCode);
  if (status < 200 || status > 299) throw new Error(`${method} ${call.path} answered ${status}: ${body.slice(0, 300)}`);
  return schema.parse(body === '' ? undefined : JSON.parse(body));
}

export const identified = z.object({ id: z.string() });
