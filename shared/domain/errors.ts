// The closed list of what can go wrong for a caller; one table turns each code into an HTTP answer.
export const errorCodes = [
  'not_found',
  'conflict',
  'invalid_request',
  'bad_request',
  'too_large',
  'throttled',
  'unavailable',
  'unauthorized',
  'csrf_disabled',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** An expected refusal that the caller cannot handle by itself. Text: lower case, what was seen, what was wanted. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: unknown;
  /** When to come back, in seconds; absent: as the code's own answer says. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export type AppErrorOptions = {
  readonly cause?: unknown;
  readonly details?: unknown;
  readonly retryAfterSeconds?: number;
};
