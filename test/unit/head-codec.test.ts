// Heads and attempts as bytes: whatever is packed comes back, and the stream reads the same heads as the store.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packAttempt, packHead, unpack } from '../../shared/adapters/dynamodb/head-codec.ts';
import { attemptFromItem, attemptItem, headItem, runFromItem } from '../../shared/adapters/dynamodb/run-items.ts';
import { readHeadChange, type StreamRecord, sequenceOf } from '../../shared/adapters/dynamodb/stream-codec.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import { anAttempt, aPushRun, aState, runId } from '../support/run-builders.ts';

describe('a packed head', () => {
  it('comes back as it was, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const whole = text.toWellFormed();
        expect(unpack(packHead(whole))).toBe(whole);
      }),
    );
  });

  it('names its dictionary, so that one of a later release is not misread', () => {
    const [first, ...rest] = packHead('{}');

    expect(first).toBe(1);
    expect(() => unpack(Uint8Array.from([3, ...rest]))).toThrow(
      'an item is packed with dictionary 3, known are up to 2',
    );
    expect(() => unpack(new Uint8Array())).toThrow('an item is packed with dictionary 0');
  });

  it('is refused when it is missing', () => {
    expect(() => runFromItem({ pk: 'run#1', doc: '{}' })).toThrow('item run#1 has no head');
  });
});

describe('a packed attempt', () => {
  it('comes back as it was, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const whole = text.toWellFormed();
        expect(unpack(packAttempt(whole))).toBe(whole);
      }),
    );
  });

  it('names a dictionary of its own', () => {
    expect(packAttempt('{}')[0]).toBe(2);
  });

  it('is read as text where a release before wrote it so', () => {
    const attempt = anAttempt();

    expect(attemptFromItem(attemptItem(attempt))).toEqual(attempt);
    expect(attemptFromItem({ ...attemptItem(attempt), doc: JSON.stringify(attempt) })).toEqual(attempt);
  });
});

describe('a record of the stream', () => {
  const image = (run: Run) => {
    const { doc } = headItem(run, 'w');
    if (!(doc instanceof Uint8Array)) throw new Error('a head is bytes');
    return { doc: { B: Buffer.from(doc).toString('base64') } };
  };
  const record = (sk: string, images: Pick<NonNullable<StreamRecord['dynamodb']>, 'OldImage' | 'NewImage'>) => ({
    dynamodb: { SequenceNumber: '7', Keys: { pk: { S: `run#${runId}` }, sk: { S: sk } }, ...images },
  });
  const [before, after] = [aPushRun({ state: aState('PENDING') }), aPushRun({ state: aState('RUNNING') })];

  it('tells how a head changed', () => {
    expect(readHeadChange(record('head', { OldImage: image(before), NewImage: image(after) }))).toEqual({
      sequence: '7',
      before,
      after,
    });
    expect(readHeadChange(record('head', { NewImage: image(after) }))).toEqual({ sequence: '7', after });
    expect(readHeadChange(record('head', { OldImage: image(before) }))).toEqual({ sequence: '7', before });
  });

  it('of anything else is none of it', () => {
    expect(readHeadChange(record('attempt#000001', { NewImage: image(after) }))).toBeUndefined();
    expect(readHeadChange({})).toBeUndefined();
  });

  it('without a sequence number is refused', () => {
    expect(sequenceOf(record('head', {}))).toBe('7');
    expect(() => sequenceOf({})).toThrow('a stream record needs a sequence number');
  });
});
