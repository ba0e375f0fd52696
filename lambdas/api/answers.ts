// From what happened to what the caller gets: one table from error codes to HTTP, in Prefect's shapes.
// A 500 kills a flow (the client does not repeat it), so whatever may pass by itself is a 503 with Retry-After.
import { gzipSync } from 'node:zlib';
import type { ApiErrorCode } from '../../shared/contract/errors.ts';
import type { AppError } from '../../shared/domain/errors.ts';
import { Refusal } from './refusal.ts';

export type Answer = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: true;
};

type Shape = 'detail' | 'exception_message';

const errorAnswers = {
  not_found: { status: 404, shape: 'detail' },
  /** Prefect's shape where a model, not a route, misses the thing. */
  object_not_found: { status: 404, shape: 'exception_message' },
  conflict: { status: 409, shape: 'detail' },
  invalid_request: { status: 422, shape: 'detail' },
  bad_request: { status: 400, shape: 'detail' },
  forbidden: { status: 403, shape: 'detail' },
  gone: { status: 410, shape: 'detail' },
  locked: { status: 423, shape: 'detail' },
  too_large: { status: 413, shape: 'detail' },
  throttled: { status: 429, shape: 'exception_message', retryAfterSeconds: 1 },
  unavailable: { status: 503, shape: 'exception_message', retryAfterSeconds: 1 },
  unauthorized: { status: 401, shape: 'exception_message' },
  csrf_disabled: { status: 422, shape: 'detail' },
} as const satisfies Record<ApiErrorCode, { status: number; shape: Shape; retryAfterSeconds?: number }>;

/** Lambda's 6 MB of answer, less room for the envelope that the body is escaped into. */
const largestAnswerBytes = 5_800_000;
const largestEcho = 32_000;

/** What the caller can unpack is packed when it is large. */
export type Packing = { readonly acceptsGzip?: boolean };

export function jsonAnswer(statusCode: number, value: unknown, packing: Packing = {}): Answer {
  if (statusCode === 204) return { statusCode, headers: {} };
  const headers = { 'content-type': 'application/json' };
  return sized({ statusCode, headers, body: JSON.stringify(value ?? null) }, packing);
}

type Whole = Answer & { readonly body: string };

const packedFromBytes = 1_000_000;

function sized(answer: Whole, { acceptsGzip = false }: Packing): Answer {
  const bytes = sentBytes(answer.body);
  if (acceptsGzip && bytes > packedFromBytes) return packed(answer);
  return bytes > largestAnswerBytes ? tooLargeAnswer(bytes) : answer;
}

function packed({ statusCode, headers, body }: Whole): Answer {
  const text = gzipSync(body, { level: 4 }).toString('base64');
  if (text.length > largestAnswerBytes) return tooLargeAnswer(text.length);
  return { statusCode, headers: { ...headers, 'content-encoding': 'gzip' }, body: text, isBase64Encoded: true };
}

function tooLargeAnswer(bytes: number): Answer {
  const message = `the answer would have ${bytes} bytes, at most ${largestAnswerBytes} can be sent: ask for fewer items`;
  return refusalAnswer(new Refusal('too_large', message));
}

/** Text that a browser saves as a file; the name is given twice, as old and new programs want it. */
export function fileAnswer(mediaType: string, file: { text: string; fileName: string }, packing: Packing): Answer {
  const plain = file.fileName.replace(/[^\w.-]/g, '_');
  const disposition = `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(file.fileName)}`;
  const headers = { 'content-type': mediaType, 'content-disposition': disposition };
  return sized({ statusCode: 200, headers, body: file.text }, packing);
}

export function textAnswer(statusCode: number, mediaType: string, text: string): Answer {
  const bytes = sentBytes(text);
  if (bytes > largestAnswerBytes) {
    return refusalAnswer(
      new Refusal('too_large', `the answer would have ${bytes} bytes, at most ${largestAnswerBytes} can be sent`),
    );
  }
  return { statusCode, headers: { 'content-type': mediaType }, body: text };
}

/** The body travels as a JSON string: quotes and backslashes count twice. */
function sentBytes(body: string): number {
  const isSurelySmall = body.length * 6 < largestAnswerBytes;
  return isSurelySmall ? body.length : Buffer.byteLength(JSON.stringify(body));
}

export function refusalAnswer(refusal: Refusal | AppError, sentBody?: unknown): Answer {
  const { status, shape, ...rest } = errorAnswers[refusal.code];
  const problems = refusal instanceof Refusal ? refusal.problems : undefined;
  const usual = problems === undefined ? { [shape]: refusal.message } : invalidBody(problems, sentBody);
  const answer = jsonAnswer(status, (refusal instanceof Refusal ? refusal.body : undefined) ?? usual);
  const ofCode = 'retryAfterSeconds' in rest ? rest.retryAfterSeconds : undefined;
  const seconds = refusal.retryAfterSeconds ?? ofCode;
  if (seconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
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
  if (cancellationCodes(error).some((reason) => passingReasons.has(reason))) return true;
  const { $retryable: retryable, $metadata: metadata, code } = error as SdkError;
  return retryable !== undefined || (metadata?.httpStatusCode ?? 0) >= 500 || passingCodes.has(code ?? '');
}

/** DynamoDB's own refusal of an item over 400 KB. */
export function isTooLarge(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isRefused = error.name === 'ValidationException' || cancellationCodes(error).includes('ValidationError');
  return isRefused && /item size/i.test(error.message);
}

/** Why each item of a transaction was not written: one that was throttled cancels them all. */
function cancellationCodes(error: Error): readonly string[] {
  if (error.name !== 'TransactionCanceledException') return [];
  const { CancellationReasons: reasons = [] } = error as { CancellationReasons?: readonly { Code?: string }[] };
  return reasons.flatMap(({ Code: code }) => (code === undefined ? [] : [code]));
}

const passingReasons = new Set(['ThrottlingError', 'ProvisionedThroughputExceeded', 'TransactionConflict']);

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
