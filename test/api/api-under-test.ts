// The api's wrapped handler on the real local database, with the real stores and use cases. Only the clock and the
// queue are stand-ins: the clock stands still until a test moves it, the hints are kept for a test to look at.

import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { type ApiDeps, bindUseCases } from '../../lambdas/api/deps.ts';
import { type ApiOptions, createApi } from '../../lambdas/api/front.ts';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createCounters } from '../../shared/adapters/dynamodb/counters.ts';
import { createLanes } from '../../shared/adapters/dynamodb/lanes.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { world as machine } from '../../shared/adapters/world.ts';
import type { ObserveHint, SubmitHint } from '../../shared/ports/hints.ts';
import type { Counters } from '../../shared/ports/publishing.ts';
import type { Lanes } from '../../shared/ports/runs.ts';
import type { World } from '../../shared/ports/world.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { startDatabase } from '../support/database.ts';

export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they assert; a wrong shape fails the assertion
  readonly body: any;
};

export type Call = {
  readonly body?: unknown;
  /** Sent as it is instead of `body` as JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly isBase64Encoded?: boolean;
  readonly remainingMilliseconds?: number;
};

export type LogLine = { readonly level: string; readonly message: string; readonly fields: object };

export type ApiUnderTest = {
  /** The path as API Gateway gives it: decoded once, `/api` included. */
  readonly call: (method: string, path: string, call?: Call) => Promise<Reply>;
  /** The same api with some of its parts exchanged. */
  readonly with: (parts: Partial<ApiDeps>, options?: ApiOptions) => Pick<ApiUnderTest, 'call'>;
  readonly deps: ApiDeps;
  readonly counters: Counters;
  readonly lanes: Lanes;
  readonly clock: { now: number };
  readonly hints: { readonly submitted: SubmitHint[]; readonly observed: ObserveHint[] };
  readonly logged: LogLine[];
  readonly close: () => Promise<void>;
};

export const start = Date.parse('2026-11-23T12:00:00Z');

export async function startApi(): Promise<ApiUnderTest> {
  const database = await startDatabase();
  const client = createDocumentClient();
  const clock = { now: start };
  const hints = { submitted: [] as SubmitHint[], observed: [] as ObserveHint[] };
  const logged: LogLine[] = [];
  const log: Log = (level, message, fields) => void logged.push({ level, message, fields });
  const world: World = { ...machine, now: () => clock.now, sleep: async () => {} };
  const control = { client, table: database.controlTable };
  const stores = {
    world,
    runs: createRuns({ ...control, newId: world.newId, now: world.now }),
    lanes: createLanes(control),
    catalogue: createCatalogue({ ...control, newId: world.newId, sha256: world.sha256 }),
    hints: {
      submit: async (sent: readonly SubmitHint[]) => void hints.submitted.push(...sent),
      observe: async (sent: readonly ObserveHint[]) => void hints.observed.push(...sent),
    },
    telemetry: createTelemetry(log),
  };
  const counters = createCounters(control);
  const logs = createLogs({ client, table: database.bulkTable, sha256: world.sha256 });
  const deps: ApiDeps = { ...stores, logs, counters, useCases: bindUseCases(stores), log };
  const withParts = (parts: Partial<ApiDeps>, options: ApiOptions = {}) => ({
    call: caller(createApi({ ...deps, ...parts }, { checksResponses: true, ...options })),
  });
  const close = async () => {
    client.destroy();
    await database.close();
  };
  return { ...withParts({}), with: withParts, deps, counters, lanes: stores.lanes, clock, hints, logged, close };
}

function caller(handler: ReturnType<typeof createApi>): ApiUnderTest['call'] {
  return async (method, path, call = {}) => {
    const answer = await handler(event(method, path, call), context(call.remainingMilliseconds ?? 25_000));
    const body: unknown = answer.body === undefined ? undefined : JSON.parse(answer.body);
    return { status: answer.statusCode, headers: answer.headers, body };
  };
}

/** HTTP API's payload 2.0, after the JSON round trip that Lambda makes. */
export function event(method: string, path: string, call: Call = {}): APIGatewayProxyEventV2 {
  const body = call.text ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const made: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: call.query ?? '',
    headers: { 'content-type': 'application/json', 'x-prefect-api-version': '0.8.4', ...call.headers },
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: 'localhost',
      domainPrefix: 'local',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: '23/Nov/2026:12:00:00 +0000',
      timeEpoch: start,
    },
    isBase64Encoded: call.isBase64Encoded ?? false,
    ...(body === undefined ? {} : { body }),
  };
  return JSON.parse(JSON.stringify(made));
}

export function context(remainingMilliseconds: number): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'api',
    functionVersion: '1',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:api',
    memoryLimitInMB: '1024',
    awsRequestId: randomUUID(),
    logGroupName: '/aws/lambda/api',
    logStreamName: 'stream',
    getRemainingTimeInMillis: () => remainingMilliseconds,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}

/** An id that nothing has. */
export const nobody = '11111111-2222-4333-8444-555555555555';
