// From API Gateway's event (HTTP API, payload 2.0) to the parsed request that a handler sees.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { z } from 'zod';
import { minimumApiVersion } from '../../shared/contract/admin.ts';
import type { Caller, Route } from '../../shared/contract/define-routes.ts';
import { attemptHeader, runHeader } from '../../shared/domain/task/environment.ts';
import { Refusal } from './refusal.ts';
import { requestProblems } from './request-problems.ts';

/** What fits through Lambda with room for the envelope; the client's largest batch of logs has 4,000,000 bytes. */
export const largestBodyBytes = 5_500_000;

/** @throws Refusal too_large, or invalid_request when the text is no JSON */
export function readBody(event: APIGatewayProxyEventV2): unknown {
  const text = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString('utf8') : (event.body ?? '');
  const bytes = Buffer.byteLength(text);
  if (bytes > largestBodyBytes) {
    throw new Refusal('too_large', `the body has ${bytes} bytes, at most ${largestBodyBytes} are taken`);
  }
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'not JSON';
    throw new Refusal('invalid_request', 'the body is no JSON', {
      problems: [{ type: 'json_invalid', loc: ['body'], msg: `JSON decode error: ${reason}` }],
    });
  }
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
