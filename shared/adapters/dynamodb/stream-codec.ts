// Records of the control table's stream as changes of run heads; all other items are none of publish's business.
// Source: DynamoDB Streams record, as Lambda hands it over (AttributeValue JSON).
import type { Run } from '../../domain/run/run.ts';
import type { HeadChange } from '../../ports/publishing.ts';
import { runFromItem } from './run-items.ts';
import { isRunHeadKey } from './table.ts';

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

/** The change that a record tells of, or undefined when it is not of a run's head. */
export function readHeadChange(record: StreamRecord): HeadChange | undefined {
  const keys = record.dynamodb?.Keys;
  const key = { pk: keys?.['pk']?.S ?? '', sk: keys?.['sk']?.S ?? '' };
  if (!isRunHeadKey(key)) return undefined;
  const before = readHead(record.dynamodb?.OldImage);
  const after = readHead(record.dynamodb?.NewImage);
  return {
    sequence: sequenceOf(record),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}
