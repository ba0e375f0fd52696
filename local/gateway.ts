// The one HTTP port of the local stack: API Gateway's HTTP API in front of the api Lambda, on loopback only.
// Rule: whatever a client sends gets an answer in API Gateway's shape; no connection is left half open.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isFromHere } from './from-here.ts';
import { httpApiEvent, httpApiResponse } from './http-api-event.ts';
import { LambdaError } from './lambda.ts';
import type { Report } from './report.ts';
import { refuseUpgrade, type SocketServing, startSocketGateway } from './sockets/socket-gateway.ts';
import { type TransportRules, transportRules } from './sockets/websocket-event.ts';
import { StartError } from './start-error.ts';

export type GatewayOptions = {
  /** 0 takes any free port. */
  readonly port: number;
  readonly report: Report;
  /** How long an integration may take, HTTP API's 30 s. */
  readonly timeoutSeconds?: number;
  readonly now?: () => number;
  /** Limits of WebSocket connections. @default none, but 16 MiB a message */
  readonly sockets?: TransportRules;
};

export type Gateway = {
  readonly port: number;
  /** Requests are answered with 503 until this was called. */
  serve(invoke: (event: unknown) => Promise<unknown>): void;
  /** WebSockets are refused with 503 until this was called. */
  serveSockets(serving: SocketServing): void;
  /** Where frames are sent to connections: API Gateway's @connections, without a stage. */
  readonly socketsUrl: string;
  /** Takes no new request, lets those under way finish for a second, then ends every connection. */
  close(): Promise<void>;
};

/** HTTP API's limit of a request body. */
const bodyLimitBytes = 10 * 1024 * 1024;
const closingPatienceMs = 1000;

type State = {
  readonly options: GatewayOptions;
  invoke: ((event: unknown) => Promise<unknown>) | undefined;
};

/** @throws StartError when the port is taken */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const state: State = { options, invoke: undefined };
  // Longer than any client keeps an idle connection, so that a reused one is never found closed.
  const server = createServer({ keepAliveTimeout: 75_000, headersTimeout: 80_000, noDelay: true });
  const take = (request: IncomingMessage, response: ServerResponse) => {
    response.once('close', () => {
      if (!server.listening) server.closeIdleConnections();
    });
    void respond(state, request, response);
  };
  server.on('request', take);
  server.on('checkContinue', (request, response) => {
    if (declaredLength(request) <= bodyLimitBytes) response.writeContinue();
    take(request, response);
  });
  const { report, now, sockets: rules = transportRules.local } = options;
  const sockets = await startSocketGateway({ rules, report, ...(now === undefined ? {} : { now }) });
  server.on('upgrade', sockets.upgrade);
  server.on('connect', (_request, socket) => refuseUpgrade(socket, 404));
  const port = await listen(server, options.port).catch(async (error: unknown) => {
    await sockets.close();
    throw error;
  });
  const serve: Gateway['serve'] = (invoke) => {
    state.invoke = invoke;
  };
  const closed = once(server, 'close');
  return {
    port,
    serve,
    serveSockets: sockets.serve,
    socketsUrl: sockets.url,
    close: async () => {
      const ended = close(server, closed);
      await sockets.close();
      await ended;
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new StartError(`port ${port} is in use: choose another with --port, or --port 0 for any free one`);
    }
    if (code === 'EACCES') throw new StartError(`port ${port} needs privileges: choose one above 1023 with --port`);
    throw error;
  }
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new StartError(`no port to listen on: got ${address}`);
  return address.port;
}

async function close(server: Server, closed: Promise<unknown>): Promise<void> {
  server.close();
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), closingPatienceMs);
  await closed;
  clearTimeout(patience);
}

async function respond(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => undefined);
  try {
    if (!isFromHere(request)) return refuse(response, 403, 'Forbidden');
    const body = await readBody(request);
    if (body === 'gone') return;
    if (body === 'too large') return refuse(response, 413, 'Request Entity Too Large');
    if (state.invoke === undefined) return refuse(response, 503, 'Service Unavailable');
    const event = httpApiEvent(request, body, (state.options.now ?? Date.now)());
    if (event === undefined) return refuse(response, 400, 'Bad Request');
    const answer = await inTime(state.invoke(event), state.options.timeoutSeconds ?? 30);
    if (answer === 'overdue') return refuse(response, 503, 'Service Unavailable');
    write(response, answer);
  } catch (error) {
    if (error instanceof LambdaError && error.code === 'request_too_large') {
      return refuse(response, 413, 'Request Entity Too Large');
    }
    state.options.report('request failed', { method: request.method, url: request.url, error });
    refuse(response, 500, 'Internal Server Error');
  }
}

function declaredLength(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

/** Reads to the end even what is too large: a client that is still sending would not see the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too large' | 'gone'> {
  if (declaredLength(request) > bodyLimitBytes && request.headers.expect !== undefined) return 'too large';
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      length += chunk.length;
      if (length <= bodyLimitBytes) chunks.push(chunk);
    }
  } catch {
    return 'gone';
  }
  return length <= bodyLimitBytes ? Buffer.concat(chunks) : 'too large';
}

async function inTime(work: Promise<unknown>, seconds: number): Promise<unknown> {
  const { promise: overdue, resolve } = Promise.withResolvers<'overdue'>();
  const timer = setTimeout(() => resolve('overdue'), seconds * 1000);
  try {
    return await Promise.race([work, overdue]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

function write(response: ServerResponse, answer: unknown): void {
  const parsed = httpApiResponse(answer);
  if (parsed === undefined) {
    refuse(response, 500, 'Internal Server Error');
    return;
  }
  for (const [name, value] of Object.entries(parsed.headers)) response.setHeader(name, value);
  if (parsed.cookies.length > 0) response.setHeader('set-cookie', [...parsed.cookies]);
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain;charset=UTF-8');
  response.removeHeader('transfer-encoding');
  response.writeHead(parsed.statusCode, bodyHeaders(parsed.statusCode, parsed.body)).end(parsed.body);
}

function bodyHeaders(status: number, body: Buffer): Record<string, string> {
  return status === 204 || status === 304 || status < 200 ? {} : { 'content-length': String(body.length) };
}

/** API Gateway's own answers have this body. */
function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({ message });
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  response.writeHead(status, status === 413 ? { ...headers, connection: 'close' } : headers).end(body);
}
