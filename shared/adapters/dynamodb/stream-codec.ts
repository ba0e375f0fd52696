// Records of the control table's stream as changes: of run heads, and of what else events tell of. All other items are
// none of publish's business.
// Source: DynamoDB Streams record, as Lambda hands it over (AttributeValue JSON).
import type { Run } from '../../domain/run/run.ts';
import type { HeadChange, ThingChange, ThingKind } from '../../ports/publishing.ts';
import { runFromItem } from './run-items.ts';
import { cataloguePartitions, isRunHeadKey, type Key, statusPartition, workersPartition } from './table.ts';

/** Text as it is, bytes as base64. */
type Attribute = { readonly S?: string | undefined; readonly B?: string | undefined };
type Image = { readonly [name: string]: Attribute };

export type StreamRecord = {
  readonly dynamodb?:
    | {
        readonly SequenceNumber?: string | undefined;
        readonly Keys?: Image | undefined;
        readonly NewImage?: Image | undefined;
        readonly OldImage?: Image | undefined;
      }
    | undefined;
};

function readHead(image: Image | undefined): Run | undefined {
  const doc = image?.['doc']?.B;
  return doc === undefined ? undefined : runFromItem({ doc: Buffer.from(doc, 'base64') }).run;
}

export function sequenceOf(record: StreamRecord): string {
  const sequence = record.dynamodb?.SequenceNumber;
  if (sequence === undefined) throw new Error('a stream record needs a sequence number');
  return sequence;
}

function keyOf(record: StreamRecord): Key {
  const keys = record.dynamodb?.Keys;
  return { pk: keys?.['pk']?.S ?? '', sk: keys?.['sk']?.S ?? '' };
}

/** The change that a record tells of, or undefined when it is not of a run's head. */
export function readHeadChange(record: StreamRecord): HeadChange | undefined {
  if (!isRunHeadKey(keyOf(record))) return undefined;
  const before = readHead(record.dynamodb?.OldImage);
  const after = readHead(record.dynamodb?.NewImage);
  return {
    sequence: sequenceOf(record),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

const kinds: ReadonlyMap<string, ThingKind> = new Map([
  [cataloguePartitions.flow, 'flow'],
  [cataloguePartitions.deployment, 'deployment'],
  [cataloguePartitions.workPool, 'work-pool'],
  [cataloguePartitions.workQueue, 'work-queue'],
  [cataloguePartitions.variable, 'variable'],
  [statusPartition, 'status'],
]);

function kindOf({ pk }: Key): ThingKind | undefined {
  return pk.startsWith(workersPartition('')) ? 'worker' : kinds.get(pk);
}

/** The change of a thing that events tell of; undefined for heads and for everything else. */
export function readThingChange(record: StreamRecord): ThingChange | undefined {
  const key = keyOf(record);
  const kind = kindOf(key);
  if (kind === undefined) return undefined;
  const before = documentOf(record.dynamodb?.OldImage);
  const after = documentOf(record.dynamodb?.NewImage);
  // What the images hold is decided by the partition that the item stands in.
  return { kind, before, after, writtenAs: `${key.pk} ${key.sk} ${sequenceOf(record)}` } as ThingChange;
}

function documentOf(image: Image | undefined): unknown {
  const doc = image?.['doc']?.S;
  return doc === undefined ? undefined : JSON.parse(doc);
}
