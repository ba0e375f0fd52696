// Calls an exported Lambda handler as AWS does: JSON in, JSON out, a context, a time-out, payload limits.
// Rule: nothing but JSON crosses, so what works here does not lean on sharing a process.

import { randomUUID } from 'node:crypto';
import { account, region } from './ecs/names.ts';

/** The part of Lambda's context object that exists for every runtime. */
export type LambdaContext = {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly awsRequestId: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  callbackWaitsForEmptyEventLoop: boolean;
  getRemainingTimeInMillis(): number;
};

export type LambdaHandler = (event: unknown, context: LambdaContext) => unknown;

export type LambdaOptions = {
  readonly name: string;
  readonly handler: LambdaHandler;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
};

/** Lambda's limit of a synchronous payload, in bytes, request and response alike. */
const payloadLimitBytes = 6 * 1024 * 1024;

export type LambdaErrorCode = 'failed' | 'timed_out' | 'request_too_large' | 'response_too_large';

export class LambdaError extends Error {
  readonly code: LambdaErrorCode;

  constructor(code: LambdaErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'LambdaError';
    this.code = code;
  }
}

export type Lambda = {
  readonly name: string;
  /**
   * One invocation: the parsed response.
   *
   * @throws LambdaError
   */
  invoke(event: unknown): Promise<unknown>;
};

export function createLambda(options: LambdaOptions): Lambda {
  return { name: options.name, invoke: (event) => invoke(options, event) };
}

async function invoke(options: LambdaOptions, event: unknown): Promise<unknown> {
  const request = JSON.stringify(event);
  if (Buffer.byteLength(request) > payloadLimitBytes) {
    throw new LambdaError(
      'request_too_large',
      `event of ${options.name} has ${request.length} characters, wanted 6 MB at most`,
    );
  }
  const answer = await answerInTime(options, JSON.parse(request));
  const response = answer === undefined ? 'null' : JSON.stringify(answer);
  if (Buffer.byteLength(response) > payloadLimitBytes) {
    throw new LambdaError(
      'response_too_large',
      `response of ${options.name} has ${response.length} characters, wanted 6 MB at most`,
    );
  }
  return JSON.parse(response);
}

async function answerInTime(options: LambdaOptions, event: unknown): Promise<unknown> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  // The work that is given up goes on in this process, where AWS would freeze it: one more reason to be idempotent.
  const timer = setTimeout(
    () => reject(new LambdaError('timed_out', `${options.name} did not answer within ${options.timeoutSeconds} s`)),
    options.timeoutSeconds * 1000,
  );
  try {
    const context = contextOf(options, () => Math.max(0, Math.ceil(deadline - performance.now())));
    return await Promise.race([options.handler(event, context), overdue]);
  } catch (error) {
    if (error instanceof LambdaError) throw error;
    throw new LambdaError('failed', `${options.name} threw`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function contextOf(options: LambdaOptions, remaining: () => number): LambdaContext {
  const functionName = `slipway-${options.name}`;
  return {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${region}:${account}:function:${functionName}`,
    memoryLimitInMB: String(options.memoryMb),
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: remaining,
  };
}
