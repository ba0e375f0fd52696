// Passes a call on to another server of the stack as it came, and its answer back as it comes.

import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

/**
 * @param target `http://127.0.0.1:PORT`
 * @throws when the other server cannot be reached or breaks off
 */
export async function forwardCall(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
  const { method, headers, url } = request;
  const call = ask(target, { method, headers, path: url });
  const answered = new Promise<IncomingMessage>((resolve, reject) =>
    call.once('response', resolve).once('error', reject),
  );
  await Promise.all([pipeline(request, call), answered]);
  const answer = await answered;
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}
