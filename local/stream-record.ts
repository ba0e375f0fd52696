// Turns records of a DynamoDB stream, as the SDK reads them, into the JSON that Lambda hands to a function.

import type { _Record as StreamRecord } from '@aws-sdk/client-dynamodb-streams';
import { region } from './ecs/names.ts';

type Source = { readonly streamArn: string; readonly shardId: string; readonly tumblingWindowSeconds: number };

/**
 * The event of one batch of a shard. With a tumbling window Lambda names the shard and the window; what it keeps
 * between invocations (`state`, a last call when the window ends) no Lambda of ours uses, and it is left out.
 */
export function streamEvent(source: Source, records: readonly StreamRecord[]): object {
  const Records = records.map((record) => streamEventRecord(record, source.streamArn));
  const seconds = source.tumblingWindowSeconds;
  if (seconds === 0) return { Records };
  const created = records[0]?.dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0;
  const start = Math.floor(created / 1000 / seconds) * seconds * 1000;
  return {
    Records,
    shardId: source.shardId,
    eventSourceARN: inOurRegion(source.streamArn),
    window: { start: isoSeconds(start), end: isoSeconds(start + seconds * 1000) },
    state: {},
    isFinalInvokeForWindow: false,
    isWindowTerminatedEarly: false,
  };
}

function isoSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * One entry of `Records` ("Using Lambda with Amazon DynamoDB"): attribute values stay in DynamoDB's JSON, binary
 * ones as base64, the creation time in seconds.
 */
function streamEventRecord(record: StreamRecord, streamArn: string): object {
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
