// From what happened to what the caller gets: one table from error codes to HTTP, in Prefect's shapes.
// A 500 kills a flow (the client does not repeat it), so whatever may pass by itself is a 503 with Retry-After.
import type { ApiErrorCode } from '../../shared/contract/errors.ts';
import type { AppError } from '../../shared/domain/errors.ts';
import { Refusal } from './refusal.ts';

export type Answer = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

type Shape = 'detail' | 'exception_message';

const errorAnswers = {
  not_found: { status: 404, shape: 'detail' },
  conflict: { status: 409, shape: 'detail' },
  invalid_request: { status: 422, shape: 'detail' },
  bad_request: { status: 400, shape: 'detail' },
  forbidden: { status: 403, shape: 'detail' },
  gone: { status: 410, shape: 'detail' },
  too_large: { status: 413, shape: 'detail' },
  throttled: { status: 429, shape: 'exception_message', retryAfterSeconds: 1 },
  unavailable: { status: 503, shape: 'exception_message', retryAfterSeconds: 1 },
  unauthorized: { status: 401, shape: 'exception_message' },
  csrf_disabled: { status: 422, shape: 'detail' },
} as const satisfies Record<ApiErrorCode, { status: number; shape: Shape; retryAfterSeconds?: number }>;

/** Lambda's 6 MB of answer, less room for the envelope that the body is escaped into. */
const largestAnswerBytes = 5_800_000;
const largestEcho = 32_000;

export function jsonAnswer(statusCode: number, value: unknown): Answer {
  if (statusCode === 204) return { statusCode, headers: {} };
  const body = JSON.stringify(value ?? null);
  const bytes = sentBytes(body);
  if (bytes > largestAnswerBytes) {
    const message = `the answer would have ${bytes} bytes, at most ${largestAnswerBytes} can be sent: ask for fewer items`;
    return refusalAnswer(new Refusal('too_large', message));
  }
  return { statusCode, headers: { 'content-type': 'application/json' }, body };
}

/** The body travels as a JSON string: quotes and backslashes count twice. */
function sentBytes(body: string): number {
  const isSurelySmall = body.length * 6 < largestAnswerBytes;
  return isSurelySmall ? body.length : Buffer.byteLength(JSON.stringify(body));
}

export function refusalAnswer(refusal: Refusal | AppError, sentBody?: unknown): Answer {
  const { status, shape, ...rest } = errorAnswers[refusal.code];
  const problems = refusal instanceof Refusal ? refusal.problems : undefined;
  const body = problems === undefined ? { [shape]: refusal.message } : invalidBody(problems, sentBody);
  const answer = jsonAnswer(status, body);
  if (!('retryAfterSeconds' in rest)) return answer;
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(rest.retryAfterSeconds) } };
}

function invalidBody(problems: Refusal['problems'], sentBody: unknown) {
  const isShort = (JSON.stringify(sentBody)?.length ?? 0) <= largestEcho;
  return {
    exception_message: 'Invalid request received.',
    exception_detail: problems,
    request_body: isShort ? (sentBody ?? null) : null,
  };
}

/** What the client may simply repeat: AWS is busy, the network hiccuped, or somebody else was faster. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (passingNames.has(error.name)) return true;
  const { $retryable: retryable, $metadata: metadata, code } = error as SdkError;
  return retryable !== undefined || (metadata?.httpStatusCode ?? 0) >= 500 || passingCodes.has(code ?? '');
}

/** DynamoDB's own refusal of an item over 400 KB. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationException' && /item size/i.test(error.message);
}

type SdkError = Error & {
  readonly $retryable?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly code?: string;
};

const passingNames = new Set([
  'ContentionError',
  'InternalServerError',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ServiceUnavailable',
  'ThrottlingException',
  'TimeoutError',
  'TransactionConflictException',
  'TransactionInProgressException',
]);
const passingCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND']);
