// The api: one event in, one answer out. It knows HTTP so that handlers need not, and it always answers by itself:
// before the platform's time-out, and never with a 500 for what a client sent.
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { allRoutes } from '../../shared/contract/all-routes.ts';
import { AppError } from '../../shared/domain/errors.ts';
import {
  type Answer,
  fileAnswer,
  isPassing,
  isTooLarge,
  jsonAnswer,
  type Packing,
  refusalAnswer,
  textAnswer,
} from './answers.ts';
import { checkAuth, isProbe } from './auth.ts';
import type { ApiDeps } from './deps.ts';
import { handlerOf } from './handlers/all-handlers.ts';
import { Refusal } from './refusal.ts';
import { baseUrlOf, bodyText, callerOf, checkApiVersion, clientOf, parseInput, readBody } from './request.ts';
import { createRouter, type Found } from './router.ts';

export type ApiOptions = {
  /**
   * How long before the Lambda's own time-out an answer must be out: 5 s of 25 s leave 20 s for the work.
   * @default 5000
   */
  readonly reserveMilliseconds?: number;
  /** Parses what handlers answer by the contract: on in tests, off in production, where types must do. */
  readonly checksResponses?: boolean;
};

const route = createRouter(allRoutes);

/** The api's Lambda handler on these dependencies. */
export function createApi(deps: ApiDeps, options: ApiOptions = {}) {
  const tooSlow = new Refusal('unavailable', 'the request took too long, please try again');
  return middy<APIGatewayProxyEventV2, Answer>({
    timeoutEarlyInMillis: options.reserveMilliseconds ?? 5_000,
    timeoutEarlyResponse: () => {
      deps.log('ERROR', 'request took too long', {});
      return refusalAnswer(tooSlow);
    },
  }).handler(async (event: APIGatewayProxyEventV2, context: Context): Promise<Answer> => {
    const sent: { body?: unknown } = {};
    try {
      return await answer(deps, event, { ...options, sent });
    } catch (error) {
      return failure(deps, error, { event, requestId: context.awsRequestId, sentBody: sent.body });
    }
  });
}

type Visit = ApiOptions & {
  /** The parsed body, for the answer to a request that does not fit. */
  readonly sent: { body?: unknown };
};

async function answer(deps: ApiDeps, event: APIGatewayProxyEventV2, visit: Visit): Promise<Answer> {
  const { method } = event.requestContext.http;
  if (!isProbe(method, event.rawPath)) {
    if (deps.readAuthString !== undefined) await checkAuth(event, deps.readAuthString);
    checkApiVersion(event);
    await deps.useCases.nameTable();
  }
  const found = route(method, event.rawPath);
  if (found === undefined) throw new Refusal('not_found', 'Not Found');
  visit.sent.body = readBody(event);
  const input = {
    params: found.params,
    ...parseInput(found.route, event, visit.sent.body),
    caller: callerOf(event),
    client: clientOf(event),
    text: () => bodyText(event),
    baseUrl: baseUrlOf(event),
  };
  const outcome = await handlerOf(found)(input, deps);
  const acceptsGzip = /\bgzip\b/.test(event.headers['accept-encoding'] ?? '');
  return outcomeAnswer(found, outcome, { ...visit, acceptsGzip });
}

function outcomeAnswer(found: Found, outcome: unknown, visit: Visit & Packing): Answer {
  const { checksResponses = false, acceptsGzip = false } = visit;
  const isSplit = found.route.newStatus !== undefined;
  const { isNew, value } = isSplit ? (outcome as { isNew: boolean; value: unknown }) : { isNew: false, value: outcome };
  if (checksResponses) checkResponse(found, value);
  if (found.route.isFile === true) {
    return fileAnswer(found.route.mediaType ?? '', value as { text: string; fileName: string }, { acceptsGzip });
  }
  if (found.route.mediaType !== undefined) return textAnswer(found.route.status, found.route.mediaType, String(value));
  return jsonAnswer((isNew ? found.route.newStatus : undefined) ?? found.route.status, value, { acceptsGzip });
}

function checkResponse({ name, route: { response } }: Found, value: unknown): void {
  const parsed = response?.safeParse(JSON.parse(JSON.stringify(value ?? null)));
  if (parsed?.success === false) throw new Error(`${name} answers what its contract does not say: ${parsed.error}`);
}

type Failure = { readonly event: APIGatewayProxyEventV2; readonly requestId: string; readonly sentBody: unknown };

function failure(deps: ApiDeps, error: unknown, { event, requestId, sentBody }: Failure): Answer {
  if (error instanceof Refusal || error instanceof AppError) return refusalAnswer(error, sentBody);
  if (isTooLarge(error)) return refusalAnswer(new Refusal('too_large', 'what was sent is too large to be kept'));
  const fields = {
    request_id: requestId,
    method: event.requestContext.http.method,
    path: event.rawPath,
    error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    stack: error instanceof Error ? error.stack : undefined,
  };
  if (isPassing(error)) {
    deps.log('WARN', 'request put off', fields);
    return refusalAnswer(new Refusal('unavailable', 'Service Unavailable'));
  }
  deps.log('ERROR', 'request failed', fields);
  return jsonAnswer(500, { exception_message: 'Internal Server Error' });
}
