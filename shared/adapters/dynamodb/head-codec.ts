// Heads as bytes: DynamoDB charges writes by the kilobyte, and a head's JSON is mostly the same few names.
// Deflated against a dictionary of them an ordinary head fits in one; a dictionary, once used, is never changed.
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** What heads have in common, the most frequent last, as deflate wants it. The number is the first byte of an item. */
const dictionaries: ReadonlyMap<number, Buffer> = new Map([
  [
    1,
    Buffer.from(
      [
        ',"parentTaskRunId":"","idempotencyKey":"","retries":0,"retryDelaySeconds":0,"retryType":"reschedule"',
        ',"retryType":"in_process","other":{"max_retries":0,"retry_delay_seconds":0},"pauseReschedule":true',
        ',"pauseTimeout":17,"pauseKey":"","message":"The container exited with code 1.',
        'Attempt 1 was lost: Your Spot Task was interrupted. A new attempt follows (1).',
        '{"type":"CANCELLING","name":"Cancelling","details":{"type":"PAUSED","name":"Paused","details":{',
        '"type":"CANCELLED","name":"Cancelled","details":{"type":"CRASHED","name":"Crashed","details":{',
        '"type":"FAILED","name":"Failed","details":{"name":"Late","name":"AwaitingRetry","isBeside":true',
        ',"infrastructurePid":"arn:aws:ecs:us-east-1:000000000000:cluster/slipway::arn:aws:ecs:us-east-1:000000000000:task/',
        '"body":{"parameters":{},"jobVariables":{},"context":{},"labels":{"prefect.flow.id":""}}',
        ',"startTime":17,"endTime":17,"dueAt":17,"nextScheduledStartTime":17,"expectedStartTime":17',
        ',"workPoolName":"production","workQueueId":"","workQueueName":"default"',
        '{"id":"","version":1,"created":17,"updated":17,"bodyId":"","name":"","flowId":"","deploymentId":""',
        ',"autoScheduled":false,"tags":[],"state":{"type":"COMPLETED","name":"Completed","details":{"transitionId":"',
        '"recentStates":[],"runCount":0,"totalRunTimeMs":0,"empiricalPolicy":{"pauseKeys":[],"resuming":false}',
        ',"launched":true,"attempt":1,"isAttemptOpen":false,"infrastructureRestarts":0,"isRestart":false',
        ',{"type":"RUNNING","name":"Running","details":{"transitionId":"","other":{"traceparent":"00-',
        ',{"type":"PENDING","name":"Pending","details":{"scheduledTime":17},"id":"","timestamp":17',
        ',{"type":"SCHEDULED","name":"Scheduled","details":{"scheduledTime":17},"id":"","timestamp":17',
      ].join(''),
    ),
  ],
]);
const current = 1;

export function packHead(text: string): Uint8Array {
  const bytes = deflateRawSync(text, { dictionary: dictionaryOf(current) });
  return Buffer.concat([Buffer.from([current]), bytes]);
}

/** @throws Error when a later release wrote it */
export function unpackHead(bytes: Uint8Array): string {
  return inflateRawSync(bytes.subarray(1), { dictionary: dictionaryOf(bytes[0] ?? 0) }).toString();
}

function dictionaryOf(number: number): Buffer {
  const dictionary = dictionaries.get(number);
  if (dictionary === undefined)
    throw new Error(`a head is packed with dictionary ${number}, known are up to ${current}`);
  return dictionary;
}
