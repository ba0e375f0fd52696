// What tests of the api showed of each operation, taken from the calls that they made.
// Rule: an operation is shown by what a test was answered, never by its being declared.

import { z } from 'zod';

/** One call as a test made it. Ids and times are left out of both digests. */
export const recordedCall = z.object({
  /** Method and path, as OpenAPI writes it. */
  operation: z.string(),
  /** The name has the titles of its suites before it and its cases filled in. */
  test: z.object({ file: z.string(), name: z.string() }),
  request: z.string(),
  status: z.number(),
  isEmpty: z.boolean(),
  answer: z.string(),
});
export type RecordedCall = z.output<typeof recordedCall>;

const seen = z.object({ status: z.number(), test: z.string() });

/** Three answers, each with a test that got it (`file › name`). */
export const shown = z.object({
  /** 2xx, with something in it where the operation answers anything. */
  answer: seen.optional(),
  /** Another answer to the same request, so that what is stored decides; of an operation that writes, to any request. */
  change: seen.optional(),
  /** 404 or 422. */
  refusal: seen.optional(),
});
export type Shown = z.output<typeof shown>;
export const recording = z.record(z.string(), shown);
export type Recording = z.output<typeof recording>;

export type Traits = {
  /** It answers something when all is well. */
  readonly hasBody: boolean;
  /** What it answers is what it stored itself. */
  readonly isWrite: boolean;
};

/** The three answers of each operation that was called. */
export function showOperations(calls: readonly RecordedCall[], traitsOf: (operation: string) => Traits): Recording {
  const sorted = [...calls].sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
  const operations = [...new Set(sorted.map(({ operation }) => operation))].sort();
  return Object.fromEntries(
    operations.map((operation) => {
      const ofOperation = sorted.filter((call) => call.operation === operation);
      return [operation, showOne(ofOperation, traitsOf(operation))];
    }),
  );
}

function showOne(calls: readonly RecordedCall[], { hasBody, isWrite }: Traits): Shown {
  const good = calls.filter(({ status, isEmpty }) => status < 300 && !(hasBody && isEmpty));
  const changes = (answer: RecordedCall) =>
    calls.find((call) => (isWrite || call.request === answer.request) && call.answer !== answer.answer);
  const answer = good.find((call) => changes(call) !== undefined) ?? good[0];
  const change = answer === undefined ? undefined : changes(answer);
  const refusal = calls.find(({ status }) => status === 404) ?? calls.find(({ status }) => status === 422);
  return {
    ...(answer === undefined ? {} : { answer: seenIn(answer) }),
    ...(change === undefined ? {} : { change: seenIn(change) }),
    ...(refusal === undefined ? {} : { refusal: seenIn(refusal) }),
  };
}

function placeOf({ test: { file, name } }: RecordedCall): string {
  return `${file} › ${name}`;
}

function seenIn(call: RecordedCall): z.output<typeof seen> {
  return { status: call.status, test: placeOf(call) };
}

/** What is missing of the three; empty when the operation is shown. */
export function missingOf(given: Shown | undefined): string[] {
  return [
    ...(given?.answer === undefined ? ['a non-empty answer'] : []),
    ...(given?.change === undefined ? ['an answer that changes with what is stored'] : []),
    ...(given?.refusal === undefined ? ['404 or 422'] : []),
  ];
}

/** Every test that the recording names, once. */
export function testsOf(recorded: Recording): string[] {
  const tests = Object.values(recorded).flatMap(({ answer, change, refusal }) => [answer, change, refusal]);
  return [...new Set(tests.flatMap((one) => (one === undefined ? [] : [one.test])))];
}
