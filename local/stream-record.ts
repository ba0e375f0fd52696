// Turns a record of a DynamoDB stream, as the SDK reads it, into the JSON that Lambda hands to a function.

import type { _Record as StreamRecord } from '@aws-sdk/client-dynamodb-streams';
import { region } from './ecs/names.ts';

/**
 * One entry of `Records` ("Using Lambda with Amazon DynamoDB"): attribute values stay in DynamoDB's JSON, binary
 * ones as base64, the creation time in seconds.
 */
export function streamEventRecord(record: StreamRecord, streamArn: string): object {
  const { ApproximateCreationDateTime: created, ...change } = record.dynamodb ?? {};
  return {
    eventID: record.eventID,
    eventName: record.eventName,
    eventVersion: record.eventVersion ?? '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: region,
    dynamodb: {
      ...(created === undefined ? {} : { ApproximateCreationDateTime: Math.floor(created.getTime() / 1000) }),
      ...withTextForBytes(change),
    },
    eventSourceARN: inOurRegion(streamArn),
  };
}

function withTextForBytes(value: object): object {
  return JSON.parse(JSON.stringify(value, bytesAsText));
}

function bytesAsText(this: unknown, key: string, value: unknown): unknown {
  const raw: unknown = typeof this === 'object' && this !== null ? Reflect.get(this, key) : value;
  return raw instanceof Uint8Array ? Buffer.from(raw).toString('base64') : value;
}

/** The embedded database writes its own name where the region belongs. */
function inOurRegion(arn: string): string {
  const parts = arn.split(':');
  return [...parts.slice(0, 3), region, ...parts.slice(4)].join(':');
}
