// A server on loopback that keeps what it was asked and answers as it is told: the base of pretended engines.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';

export type RecordedCall = {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined when there is none. */
  readonly body: unknown;
};

/** What a call gets: a status with a JSON body, or a stream of JSON lines that stays open. */
export type Reply = { readonly status: number; readonly body: unknown } | 'open stream';

export type RecordingServer = {
  readonly port: number;
  readonly calls: readonly RecordedCall[];
  close(): Promise<void>;
};

export async function startRecordingServer(reply: (call: RecordedCall) => Reply): Promise<RecordingServer> {
  const calls: RecordedCall[] = [];
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    let text = '';
    for await (const part of request.setEncoding('utf8')) text += String(part);
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const call = { method: request.method ?? '', path: pathname, query: searchParams, body };
    calls.push(call);
    send(response, reply(call));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a tcp address, got none');
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { port: address.port, calls, close };
}

function send(response: ServerResponse, reply: Reply): void {
  const headers = { 'content-type': 'application/json' };
  if (reply === 'open stream') response.writeHead(200, headers).flushHeaders();
  else response.writeHead(reply.status, headers).end(JSON.stringify(reply.body));
}
