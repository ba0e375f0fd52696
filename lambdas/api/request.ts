// From API Gateway's event (HTTP API, payload 2.0) to the parsed request that a handler sees.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { z } from 'zod';
import { minimumApiVersion } from '../../shared/contract/admin.ts';
import { basePath, type Caller, type Client, type Route } from '../../shared/contract/define-routes.ts';
import { attemptHeader, runHeader } from '../../shared/domain/task/environment.ts';
import { Refusal } from './refusal.ts';
import { requestProblems } from './request-problems.ts';

/** What fits through Lambda with room for the envelope; the client's largest batch of logs has 4,000,000 bytes. */
export const largestBodyBytes = 5_500_000;

/** The body as it was sent. */
export function bodyText({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): string {
  return isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
}

/** @throws Refusal too_large, or invalid_request when the text is no JSON */
export function readBody(event: APIGatewayProxyEventV2): unknown {
  const text = bodyText(event);
  const bytes = Buffer.byteLength(text);
  if (bytes > largestBodyBytes) {
    throw new Refusal('too_large', `the body has ${bytes} bytes, at most ${largestBodyBytes} are taken`);
  }
  if (text.trim() === '') return undefined;
  try {
    // Half a pair of surrogates is no character: nothing could store it.
    return /\\ud[89a-f]/i.test(text) ? JSON.parse(text, (_key, value: unknown) => wellFormed(value)) : JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'not JSON';
    throw new Refusal('invalid_request', 'the body is no JSON', {
      problems: [{ type: 'json_invalid', loc: ['body'], msg: `JSON decode error: ${reason}` }],
    });
  }
}

/** @throws SyntaxError for a text, or an object with a name, that has half a pair of surrogates */
function wellFormed(value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const texts = typeof value === 'string' ? [value] : isObject ? Object.keys(value) : [];
  if (texts.every((text) => text.isWellFormed())) return value;
  throw new SyntaxError('a text has half a pair of surrogates');
}

/** Parses query and body by the route's schemas. */
export function parseInput(route: Route, event: APIGatewayProxyEventV2, body: unknown) {
  return {
    query: parsePart(route.query, Object.fromEntries(new URLSearchParams(event.rawQueryString ?? '')), 'query'),
    body: parsePart(route.body, body, 'body'),
  };
}

function parsePart(schema: z.ZodType | undefined, value: unknown, part: 'query' | 'body'): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = requestProblems(parsed.error.issues, { part, value });
  throw new Refusal('invalid_request', 'Invalid request received.', { problems });
}

/** The attempt that a container says it is. A header that is none of ours is passed over: it fences nobody. */
export function callerOf(event: APIGatewayProxyEventV2): Caller | undefined {
  const runId = event.headers[runHeader.toLowerCase()];
  const attempt = Number(event.headers[attemptHeader.toLowerCase()]);
  return runId !== undefined && Number.isSafeInteger(attempt) && attempt > 0
    ? { runId: runId.toLowerCase(), attempt }
    : undefined;
}

/** `prefect/3.8.8 (API 0.8.4)`; whoever else calls has no version. Prefect's client sends no key. */
export function clientOf(event: APIGatewayProxyEventV2): Client {
  const match = /^prefect\/(\d+\.\d+\.\d+(?:[a-z.+0-9]+)?) \(API \S+\)$/.exec(event.headers['user-agent'] ?? '');
  const key = event.headers['idempotency-key'];
  return {
    ...(match?.[1] === undefined ? {} : { version: match[1] }),
    ...(key === undefined || key === '' ? {} : { idempotencyKey: key }),
  };
}

/** Where the caller reached us, `https://HOST/api`: links in answers lead there again. */
export function baseUrlOf({ headers, requestContext }: APIGatewayProxyEventV2): string {
  return `${headers['x-forwarded-proto'] ?? 'https'}://${headers['host'] ?? requestContext.domainName}${basePath}`;
}

/** Prefect's check of `X-PREFECT-API-VERSION`: no header means the newest. */
export function checkApiVersion(event: APIGatewayProxyEventV2): void {
  const version = event.headers['x-prefect-api-version'];
  if (version === undefined || version === '') return;
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    const wanted = "Expected header in format 'x.y.z'";
    throw new Refusal('bad_request', `Invalid X-PREFECT-API-VERSION header format. ${wanted} but received ${version}`);
  }
  if (isBelow(version, minimumApiVersion)) {
    const wanted = `this server requires version ${minimumApiVersion} or higher.`;
    throw new Refusal('bad_request', `The request specified API version ${version} but ${wanted}`);
  }
}

function isBelow(version: string, minimum: string): boolean {
  const [seen, wanted] = [version, minimum].map((text) => text.split('.').map(Number));
  for (const [at, part] of (wanted ?? []).entries()) {
    const difference = (seen?.[at] ?? 0) - part;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
