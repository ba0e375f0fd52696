// Translates between Node's HTTP messages and API Gateway's HTTP API payload, format 2.0.
// Rule: the path is decoded once, here, as API Gateway does; nobody decodes it after.

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { z } from 'zod';
import { account } from './ecs/names.ts';

/** "AWS Lambda proxy integrations for HTTP APIs", payload format version 2.0, for the `$default` route and stage. */
export type HttpApiEvent = {
  readonly version: '2.0';
  readonly routeKey: '$default';
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly requestContext: {
    readonly accountId: string;
    readonly apiId: string;
    readonly domainName: string;
    readonly domainPrefix: string;
    readonly http: {
      readonly method: string;
      readonly path: string;
      readonly protocol: string;
      readonly sourceIp: string;
      readonly userAgent: string;
    };
    readonly requestId: string;
    readonly routeKey: '$default';
    readonly stage: '$default';
    readonly time: string;
    readonly timeEpoch: number;
  };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
};

/** These are about one connection, so API Gateway does not pass them on. */
const connectionHeaders = new Set([
  'connection',
  'cookie',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Answers undefined when the path is not valid percent-encoded UTF-8. */
export function httpApiEvent(request: IncomingMessage, body: Buffer, now: number): HttpApiEvent | undefined {
  const target = request.url ?? '/';
  const queryAt = target.indexOf('?');
  const rawQueryString = queryAt < 0 ? '' : target.slice(queryAt + 1);
  const path = decodePath(queryAt < 0 ? target : target.slice(0, queryAt));
  if (path === undefined) return undefined;
  const cookies = cookiesOf(request.headers);
  const host = request.headers.host ?? '127.0.0.1';
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: { ...headersOf(request), ...forwarded(host, sourceIp) },
    ...queryParameters(rawQueryString),
    requestContext: {
      accountId: account,
      apiId: 'local',
      domainName: host,
      domainPrefix: 'local',
      http: {
        method: request.method ?? 'GET',
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now,
    },
    ...bodyOf(request.headers, body),
  };
}

/** The target may be in absolute form (`GET http://host/path`), as a proxy would send it. */
function decodePath(path: string): string | undefined {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(path)?.[0] ?? '';
  try {
    return decodeURIComponent(path.slice(absolute.length)) || '/';
  } catch {
    return undefined;
  }
}

/** Lower-case names; what was sent more than once is joined with commas. */
function headersOf(request: IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headersDistinct).filter(([name]) => !connectionHeaders.has(name));
  return Object.fromEntries(entries.map(([name, values]) => [name, (values ?? []).join(',')]));
}

function forwarded(host: string, sourceIp: string): Record<string, string> {
  const port = /:(\d+)$/.exec(host)?.[1] ?? '80';
  return { 'x-forwarded-for': sourceIp, 'x-forwarded-port': port, 'x-forwarded-proto': 'http' };
}

function cookiesOf(headers: IncomingHttpHeaders): string[] {
  return (headers.cookie ?? '').split(';').flatMap((cookie) => (cookie.trim() === '' ? [] : [cookie.trim()]));
}

/** Values are decoded; what was sent more than once is joined with commas. */
function queryParameters(query: string): Pick<HttpApiEvent, 'queryStringParameters'> {
  if (query === '') return {};
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = parameters.get(name);
    parameters.set(name, before === undefined ? value : `${before},${value}`);
  }
  return { queryStringParameters: Object.fromEntries(parameters) };
}

const textTypes = /^(?:text\/|application\/(?:[\w.+-]+\+)?(?:json|xml|javascript)\b)/i;

/** Text stays text; anything else, compressed bodies and forms among it, arrives as base64. */
function bodyOf(headers: IncomingHttpHeaders, body: Buffer): Pick<HttpApiEvent, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { isBase64Encoded: false };
  const isText = textTypes.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
  return isText
    ? { body: body.toString('utf8'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
}

function commonLogTime(now: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(now).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

export type HttpApiResponse = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
};

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const fullResponse = z.looseObject({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), scalar).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** What API Gateway makes of a Lambda's answer; undefined when it cannot be read, which it answers with a 500. */
export function httpApiResponse(answer: unknown): HttpApiResponse | undefined {
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) return inferred(answer);
  const parsed = fullResponse.safeParse(answer);
  if (!parsed.success) return undefined;
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  return {
    statusCode,
    headers: headers ?? {},
    cookies: cookies ?? [],
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

/** Format 2.0: an answer without a status code is the body of a 200. */
function inferred(answer: unknown): HttpApiResponse {
  const body = typeof answer === 'string' ? answer : JSON.stringify(answer ?? null);
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, cookies: [], body: Buffer.from(body) };
}
