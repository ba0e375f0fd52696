// One loopback port that answers AWS calls, so that the real SDK needs nothing but another endpoint.
// Rule: a call goes to the service that its signature names; what nobody serves is an error, never silence.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { forwardCall } from './forward-call.ts';
import { isQueryCall, queryError, readQuery } from './query-protocol.ts';

/** Answers one operation (`RunTask`) with its output, text being XML, or throws an {@link AwsError}. */
export type AwsService = (operation: string, input: unknown) => Promise<unknown>;

/** An error as a service reports it: `code` is the wire's `__type`, `details` are members beside the message. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/** The error of a service that has no such operation. Status 501, because the SDK repeats other 5xx. */
export function unknownOperation(operation: string): AwsError {
  return new AwsError('UnknownOperationException', `operation ${operation} is not served locally`, 501);
}

export type AwsEndpointOptions = {
  /** 0 takes any free port. */
  readonly port: number;
  /** By signing name: `ecs`, `events`, `logs`, `secretsmanager` … */
  readonly services: Readonly<Record<string, AwsService>>;
  /** Servers by signing name, `http://127.0.0.1:PORT`, that get their calls as they came. @default none */
  readonly forwards?: Readonly<Record<string, string>>;
};

export type AwsEndpoint = {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
};

/**
 * Listens on 127.0.0.1 and serves the AWS JSON protocols (1.0 and 1.1: `X-Amz-Target`, JSON bodies) and the query
 * protocol. The clients of ECS, EventBridge, CloudWatch Logs and Secrets Manager speak JSON 1.1, EC2's speaks query.
 * Signatures are not checked: whoever reaches loopback may call.
 */
export async function startAwsEndpoint({ port, ...served }: AwsEndpointOptions): Promise<AwsEndpoint> {
  const server = createServer((request, response) => {
    void answer(request, response, served);
  });
  // Longer than any SDK keeps an idle connection, so that a reused one is never found closed.
  server.keepAliveTimeout = 120_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = boundPort(server);
  return { url: `http://127.0.0.1:${bound}`, port: bound, close: () => closeServer(server) };
}

function boundPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a tcp address, got none');
  return address.port;
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
  { services, forwards = {} }: Omit<AwsEndpointOptions, 'port'>,
): Promise<void> {
  const requestId = randomUUID();
  try {
    const name = signedService(request.headers.authorization);
    const target = Object.hasOwn(forwards, name) ? forwards[name] : undefined;
    if (target !== undefined) return await forwardCall(request, response, target);
    const output = await callService(request, { name, services });
    send(response, { status: 200, requestId, body: output ?? {} });
  } catch (error) {
    const known = error instanceof AwsError ? error : internalFailure(error);
    const isQuery = isQueryCall(request.headers['content-type']);
    const body = isQuery ? queryError(known) : { __type: known.code, message: known.message, ...known.details };
    send(response, { status: known.status, requestId, body });
  }
}

function internalFailure(error: unknown): AwsError {
  process.stderr.write(`local aws endpoint: ${error instanceof Error ? error.stack : String(error)}\n`);
  return new AwsError('InternalFailure', 'the local service failed; its log says why', 500);
}

type Reply = { readonly status: number; readonly requestId: string; readonly body: unknown };

function send(response: ServerResponse, { status, requestId, body }: Reply): void {
  // What is passed on can break off in the middle of its answer.
  if (response.destroyed || response.headersSent) return void response.destroy();
  const isText = typeof body === 'string';
  const type = isText ? 'text/xml;charset=UTF-8' : 'application/x-amz-json-1.1';
  response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': requestId });
  response.end(isText ? body : JSON.stringify(body));
}

type Called = { readonly name: string; readonly services: AwsEndpointOptions['services'] };

async function callService(request: IncomingMessage, { name, services }: Called): Promise<unknown> {
  const body = await readBody(request);
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service === undefined) {
    const known = Object.keys(services).join(', ');
    throw new AwsError('UnknownOperationException', `service ${name} is not served locally, only ${known}`, 501);
  }
  if (isQueryCall(request.headers['content-type'])) {
    const { operation, input } = readQuery(body);
    return service(operation, input);
  }
  return service(targetOperation(request.headers['x-amz-target']), parseBody(body));
}

/** Reads the service from `Credential=KEY/20260101/us-east-1/ecs/aws4_request`. */
function signedService(authorization: string | undefined): string {
  const scope = /Credential=[^,\s]*\/\d{8}\/[^/,\s]+\/(?<service>[^/,\s]+)\/aws4_request/.exec(authorization ?? '');
  const service = scope?.groups?.['service'];
  if (service === undefined) {
    throw new AwsError('MissingAuthenticationTokenException', 'expected a signed request (SigV4), got none', 403);
  }
  return service;
}

function targetOperation(target: string | string[] | undefined): string {
  if (typeof target !== 'string' || !target.includes('.')) {
    throw new AwsError(
      'UnknownOperationException',
      'expected an x-amz-target header (aws json protocol), got none',
      501,
    );
  }
  return target.slice(target.lastIndexOf('.') + 1);
}

// Above every limit that the services themselves check (1 MiB for PutEvents).
const maxBodyBytes = 8 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > maxBodyBytes) {
      throw new AwsError('RequestEntityTooLargeException', `body must be at most ${maxBodyBytes} bytes`, 413);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new AwsError('SerializationException', 'expected a json body, got something else');
  }
}
