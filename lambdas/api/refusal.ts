// How handlers say no: a code of the contract and a sentence. The front turns both into Prefect's answer.
import type { ApiErrorCode } from '../../shared/contract/errors.ts';

export class Refusal extends Error {
  readonly code: ApiErrorCode;
  /** Validation problems in Prefect's form, where the request did not fit its schema. */
  readonly problems: readonly RequestProblem[] | undefined;
  /** What is answered in place of the message, where a route has a shape of its own. */
  readonly body: object | undefined;
  /** When to come back, in seconds with fractions; absent: as the code's own answer says. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ApiErrorCode, message: string, options: RefusalOptions = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.problems = options.problems;
    this.body = options.body;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export type RefusalOptions = {
  readonly problems?: readonly RequestProblem[];
  readonly body?: object;
  readonly retryAfterSeconds?: number;
};

/** One entry of `exception_detail`. */
export type RequestProblem = {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
};

/** Prefect's sentence for a thing that is not there: `Flow not found`. */
export function notFound(sentence: string): Refusal {
  return new Refusal('not_found', sentence);
}

export function found<T>(thing: T | undefined, sentence: string): T {
  if (thing === undefined) throw notFound(sentence);
  return thing;
}
