// API Gateway's @connections for the local sockets: frames to clients and closes, over HTTP as the SDK sends them.
// Signatures are not checked: whoever reaches loopback may call.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { closeHeader } from '../../shared/adapters/api-gateway/connection-sender.ts';

export type ManagedConnection = {
  readonly connectedAt: number;
  /** `gone`: it is closed, or closing. */
  post(frame: string): 'sent' | 'gone' | 'too large';
  close(end: { readonly code: number; readonly reason: string } | undefined): void;
};

export type ManagementEndpoint = { readonly url: string; close(): Promise<void> };

/** Listens on a free loopback port. Paths are `/STAGE/@connections/ID`. */
export async function startManagementEndpoint(
  find: (stage: string, id: string) => ManagedConnection | undefined,
): Promise<ManagementEndpoint> {
  const server = createServer({ keepAliveTimeout: 120_000, noDelay: true }, (request, response) => {
    answer(request, response, find).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a tcp address, got none');
  return { url: `http://127.0.0.1:${address.port}`, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  find: (stage: string, id: string) => ManagedConnection | undefined,
): Promise<void> {
  const body = await buffer(request);
  const [, stage = '', word, id = ''] = (request.url ?? '').split('?')[0]?.split('/').map(decodeURIComponent) ?? [];
  const connection = word === '@connections' ? find(stage, id) : undefined;
  if (connection === undefined) return refuse(response, 410, 'GoneException');
  switch (request.method) {
    case 'POST':
      return answerPost(response, connection.post(body.toString('utf8')));
    case 'DELETE':
      connection.close(endOf(request.headers[closeHeader]));
      response.writeHead(204).end();
      return;
    case 'GET':
      return send(response, 200, { connectedAt: new Date(connection.connectedAt).toISOString() });
    default:
      return refuse(response, 403, 'ForbiddenException');
  }
}

function answerPost(response: ServerResponse, outcome: 'sent' | 'gone' | 'too large'): void {
  if (outcome === 'gone') refuse(response, 410, 'GoneException');
  else if (outcome === 'too large') refuse(response, 413, 'PayloadTooLargeException');
  else send(response, 200, {});
}

function endOf(header: string | string[] | undefined): { code: number; reason: string } | undefined {
  const match = /^(\d{4})(?: (.*))?$/.exec(String(header ?? ''));
  return match === null ? undefined : { code: Number(match[1]), reason: decodeURIComponent(match[2] ?? '') };
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.setHeader('x-amzn-errortype', error);
  send(response, status, { message: error });
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
