// Heads and attempts as bytes: DynamoDB charges writes by the kilobyte, and their JSON is mostly the same few names.
// Deflated against a dictionary of them an ordinary one fits in one; a dictionary, once used, is never changed.
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/**
 * What heads (1) and attempts (2) have in common, the most frequent last, as deflate wants it. The number is the first
 * byte of an item.
 */
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
  [
    2,
    Buffer.from(
      [
        ',"missingSince":17,"expiresAt":17,"heldCrash":{"type":"CRASHED","name":"Crashed"',
        ',"stopRequested":{"at":17,"reason":"',
        ',"capacityProviderStrategy":[{"capacityProvider":"FARGATE_SPOT","weight":1,"base":0}]',
        '{"name":"PREFECT_API_AUTH_STRING","value":"","name":"PREFECT_API_KEY","value":"","reports":"exit-code"',
        ',"command":["/bin/sh","-c",""],"command":["prefect","flow-run","execute"]',
        ',"stopCode":"UserInitiated","stoppedReason":"Task stopped by user","stopCode":"TaskFailedToStart"',
        ',"stopCode":"EssentialContainerExited","stoppedReason":"Essential container in task exited"',
        ',"stoppingAt":17,"stoppedAt":17},"closed":{"at":17,"end":"stopped"}}',
        ',"taskArn":"arn:aws:ecs:us-east-1:000000000000:task/slipway/","taskKnownAt":17,"task":{"version":1',
        ',"lastStatus":"PROVISIONING","containers":[{"name":"prefect","lastStatus":"PENDING"}]',
        ',"lastStatus":"STOPPED","containers":[{"name":"prefect","lastStatus":"STOPPED","exitCode":0}],"desiredStatus":"STOPPED"',
        ',"lastStatus":"RUNNING","containers":[{"name":"prefect","lastStatus":"RUNNING"}],"desiredStatus":"RUNNING"',
        ',"launchType":"FARGATE","createdAt":17,"cpu":1024,"memory":2048,"pullStartedAt":17,"pullStoppedAt":17,"startedAt":17',
        '{"runId":"","number":1,"version":1,"openedAt":17,"reports":"engine","workPoolName":"production","workQueueId":""',
        ',"cluster":"arn:aws:ecs:us-east-1:000000000000:cluster/slipway","family":"slipway-","container":"prefect"',
        ',"request":{"cluster":"arn:aws:ecs:us-east-1:000000000000:cluster/slipway","taskDefinition":"slipway-","count":1',
        ',"startedBy":"slipway/","launchType":"FARGATE","networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-0',
        '","subnet-0"],"securityGroups":["sg-0"],"assignPublicIp":"ENABLED"}},"overrides":{"containerOverrides":[{"name":"prefect"',
        ',"environment":[{"name":"PREFECT_API_URL","value":"https://.execute-api.us-east-1.amazonaws.com/api"}',
        ',{"name":"PREFECT__FLOW_RUN_ID","value":""},{"name":"PREFECT__FLOW_ID","value":""}',
        ',{"name":"PREFECT__FLOW_NAME","value":""},{"name":"PREFECT__DEPLOYMENT_ID","value":""}',
        ',{"name":"PREFECT__DEPLOYMENT_NAME","value":""},{"name":"PREFECT_FLOWS_HEARTBEAT_FREQUENCY","value":"60"}',
        ',{"name":"PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR","value":"relinquish"}',
        String.raw`,{"name":"PREFECT_CLIENT_CUSTOM_HEADERS","value":"{\"X-Slipway-Run\":\"\",\"X-Slipway-Attempt\":\"1\"}"}]}]}`,
        ',"tags":[{"key":"prefect.io/flow-run-id","value":""},{"key":"prefect.io/flow-run-name","value":""}',
        ',{"key":"prefect.io/flow-id","value":""},{"key":"prefect.io/flow-name","value":""}',
        ',{"key":"prefect.io/deployment-id","value":""},{"key":"prefect.io/deployment-name","value":""}',
        ',{"key":"prefect.io/work-pool-name","value":"production"},{"key":"prefect.io/work-pool-id","value":""}]}',
        ',"definedSize":{"cpu":"1024","memory":"2048"},"options":{"sizes":[],"ownSize":{"task":{},"container":{}}',
        ',"subnets":["subnet-0","subnet-0"],"alwaysOneSubnet":false},"plan":{},"currentTry":{"number":1,"clientToken":"',
        '-1-1","firstSentAt":17,"lastSentAt":17,"sends":1},"startDeadlineSeconds":900,"maximumDurationSeconds":86400',
        ',"infrastructure":{"retries":3,"rules":[]},"dueAt":17',
      ].join(''),
    ),
  ],
]);

export const packHead = (text: string): Uint8Array => pack(1, text);
export const packAttempt = (text: string): Uint8Array => pack(2, text);

/** Memory for texts of some kilobytes: zlib's own is for far longer ones, and making it takes half of the time. */
const deflating = { windowBits: 13, memLevel: 5, chunkSize: 2_048 };
const inflating = { chunkSize: 4_096 };

function pack(number: number, text: string): Uint8Array {
  const deflated = deflateRawSync(text, { ...deflating, dictionary: dictionaryOf(number) });
  return Buffer.concat([Buffer.from([number]), deflated]);
}

/** @throws Error when a later release wrote it */
export function unpack(bytes: Uint8Array): string {
  return inflateRawSync(bytes.subarray(1), { ...inflating, dictionary: dictionaryOf(bytes[0] ?? 0) }).toString();
}

function dictionaryOf(number: number): Buffer {
  const dictionary = dictionaries.get(number);
  if (dictionary === undefined)
    throw new Error(`an item is packed with dictionary ${number}, known are up to ${dictionaries.size}`);
  return dictionary;
}
