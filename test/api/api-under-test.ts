// The api's wrapped handler on the real local database, with the real stores and use cases. Only the clock and the
// queue are stand-ins: the clock stands still until a test moves it, the hints are kept for a test to look at.

import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { type ApiDeps, bindUseCases } from '../../lambdas/api/deps.ts';
import { type ApiOptions, createApi } from '../../lambdas/api/front.ts';
import { createAdmission } from '../../shared/adapters/dynamodb/admission.ts';
import { createArtifacts } from '../../shared/adapters/dynamodb/artifacts.ts';
import { createAutomations } from '../../shared/adapters/dynamodb/automations.ts';
import { createCatalogue } from '../../shared/adapters/dynamodb/catalogue/catalogue.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createCounters } from '../../shared/adapters/dynamodb/counters.ts';
import { createEventStore } from '../../shared/adapters/dynamodb/events.ts';
import { createFamilies } from '../../shared/adapters/dynamodb/families.ts';
import { createLanes } from '../../shared/adapters/dynamodb/lanes.ts';
import { createLimits } from '../../shared/adapters/dynamodb/limits.ts';
import { createLogs } from '../../shared/adapters/dynamodb/logs.ts';
import { createPlannedRuns } from '../../shared/adapters/dynamodb/planned-runs.ts';
import { createRunInputs } from '../../shared/adapters/dynamodb/run-inputs.ts';
import { createRuns } from '../../shared/adapters/dynamodb/runs.ts';
import { createTaskCache } from '../../shared/adapters/dynamodb/task-cache.ts';
import { createTaskQueue } from '../../shared/adapters/dynamodb/task-queue.ts';
import { createTaskRuns } from '../../shared/adapters/dynamodb/task-runs.ts';
import { world as machine } from '../../shared/adapters/world.ts';
import type { LogLine as KeptLine } from '../../shared/domain/catalogue.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import { timedId } from '../../shared/domain/identity.ts';
import type { Admission } from '../../shared/ports/admission.ts';
import type { ConnectionRef, PostOutcome } from '../../shared/ports/connections.ts';
import type { ContainerOutput, OutputLine } from '../../shared/ports/container-output.ts';
import type { EventStore } from '../../shared/ports/events.ts';
import type { ObserveHint, SubmitHint } from '../../shared/ports/hints.ts';
import type { Counters } from '../../shared/ports/publishing.ts';
import type { Lanes } from '../../shared/ports/runs.ts';
import type { World } from '../../shared/ports/world.ts';
import { createTelemetry } from '../../shared/telemetry/events.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { keepLogs } from '../../shared/use-cases/keep-logs.ts';
import { readOutput } from '../../shared/use-cases/read-output.ts';
import type { TaskQueueDeps } from '../../shared/use-cases/wake-task-workers.ts';
import { startDatabase } from '../support/database.ts';
import { keptBodies } from '../support/large-bodies.ts';
import { testSecretBox } from '../support/secret-key.ts';
import { recordCall } from './record-call.ts';

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

// biome-ignore lint/suspicious/noExplicitAny: as above
export type SentFrame = ConnectionRef & { readonly frame: any };

export type ApiUnderTest = {
  /** The path as API Gateway gives it: decoded once, `/api` included. */
  readonly call: (method: string, path: string, call?: Call) => Promise<Reply>;
  /** The same api with some of its parts exchanged. */
  readonly with: (parts: Partial<ApiDeps>, options?: ApiOptions) => Pick<ApiUnderTest, 'call'>;
  readonly deps: ApiDeps;
  readonly counters: Counters;
  readonly lanes: Lanes;
  readonly admission: Admission;
  /** What the use cases are bound to. */
  readonly bound: Parameters<typeof bindUseCases>[0];
  readonly clock: { now: number };
  /** What was sent to connections, oldest first. */
  readonly frames: SentFrame[];
  readonly taskQueueDeps: TaskQueueDeps;
  /** What was sent to the queue `events`; nobody takes it from there. */
  readonly sentEvents: PrefectEvent[];
  /** Log lines that were told to those who watch. */
  readonly announced: KeptLine[];
  readonly eventStore: EventStore;
  readonly hints: { readonly submitted: SubmitHint[]; readonly observed: ObserveHint[] };
  readonly logged: LogLine[];
  /** By key. */
  readonly largeBodies: Map<string, string>;
  /** What containers wrote, by `group stream`. */
  readonly outputs: Map<string, OutputLine[]>;
  readonly close: () => Promise<void>;
};

export const start = Date.parse('2026-11-23T12:00:00Z');

export async function startApi(): Promise<ApiUnderTest> {
  const database = await startDatabase();
  const secretKey = await testSecretBox();
  const client = createDocumentClient();
  const clock = { now: start };
  const hints = { submitted: [] as SubmitHint[], observed: [] as ObserveHint[] };
  const logged: LogLine[] = [];
  const frames: SentFrame[] = [];
  const posted = (ref: ConnectionRef, frame: string): PostOutcome => {
    frames.push({ ...ref, frame: JSON.parse(frame) });
    return 'sent';
  };
  const sentEvents: PrefectEvent[] = [];
  const announced: KeptLine[] = [];
  const announceLogs = async (lines: readonly KeptLine[]) => void announced.push(...lines);
  const log: Log = (level, message, fields) => void logged.push({ level, message, fields });
  const newId = () => timedId(clock.now, machine.newId());
  const sleep = async (milliseconds: number) => {
    clock.now += milliseconds;
  };
  const world: World = { ...machine, newId, now: () => clock.now, sleep };
  const control = { client, table: database.controlTable };
  const largeBodies = keptBodies();
  const stores = {
    world,
    runs: createRuns({ ...control, newId: world.newId, now: world.now, largeBodies }),
    lanes: createLanes(control),
    admission: createAdmission({ ...control, now: world.now }),
    logs: createLogs({ client, table: database.bulkTable, sha256: world.sha256, now: world.now }),
    plannedRuns: createPlannedRuns({ ...control, newId: world.newId, now: world.now, largeBodies }),
    limits: createLimits(control),
    launchRate: { perSecond: 20, burst: 100, calls: { perSecond: 20, burst: 100 } },
    runInputs: createRunInputs(control),
    taskRuns: createTaskRuns({ ...control, newId: world.newId, sha256: world.sha256 }),
    taskCache: createTaskCache({ ...control, sha256: world.sha256 }),
    taskQueue: createTaskQueue({ ...control, sha256: world.sha256 }),
    sender: { post: async (ref: ConnectionRef, frame: string) => posted(ref, frame) },
    catalogue: createCatalogue({
      ...control,
      newId: world.newId,
      sha256: world.sha256,
      secretBox: secretKey.box,
    }),
    artifacts: createArtifacts({ ...control, bulkTable: database.bulkTable, newId: world.newId }),
    automations: createAutomations({ ...control, sha256: world.sha256, now: world.now }),
    actHints: { act: async () => {} },
    eventSink: { send: async (events: readonly PrefectEvent[]) => void sentEvents.push(...events) },
    hints: {
      submit: async (sent: readonly SubmitHint[]) => void hints.submitted.push(...sent),
      observe: async (sent: readonly ObserveHint[]) => void hints.observed.push(...sent),
    },
    telemetry: createTelemetry(log),
  };
  const counters = createCounters(control);
  const eventStore = createEventStore({ client, table: database.bulkTable, now: world.now, days: 7 });
  const outputs = new Map<string, OutputLine[]>();
  const output: ContainerOutput = {
    async *read({ group, stream }) {
      yield outputs.get(`${group} ${stream}`) ?? [];
    },
  };
  const reading = { ...stores, families: createFamilies(control), output };
  const deps: ApiDeps = {
    ...stores,
    keepLogs: (lines) => keepLogs(stores, lines),
    readOutput: (runId) => readOutput(reading, runId),
    announceLogs,
    eventStore,
    counters,
    useCases: bindUseCases(stores),
    log,
  };
  const withParts = (parts: Partial<ApiDeps>, options: ApiOptions = {}) => ({
    call: caller(createApi({ ...deps, ...parts }, { checksResponses: true, ...options })),
  });
  const close = async () => {
    client.destroy();
    await database.close();
    await secretKey.remove();
  };
  return {
    ...withParts({}),
    with: withParts,
    deps,
    counters,
    lanes: stores.lanes,
    admission: stores.admission,
    bound: stores,
    clock,
    frames,
    taskQueueDeps: stores,
    sentEvents,
    announced,
    eventStore,
    hints,
    logged,
    largeBodies: largeBodies.texts,
    outputs,
    close,
  };
}

function caller(handler: ReturnType<typeof createApi>): ApiUnderTest['call'] {
  return async (method, path, call = {}) => {
    const answer = await handler(event(method, path, call), context(call.remainingMilliseconds ?? 25_000));
    const isJson = answer.headers['content-type'] === 'application/json';
    const body: unknown = isJson ? JSON.parse(answer.body ?? 'null') : answer.body;
    const sent = call.text ?? call.body ?? null;
    recordCall({ method, path, query: call.query, sent, status: answer.statusCode, answered: body });
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
