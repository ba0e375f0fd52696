import { describe, expect, it } from 'vitest';
import { countByName, countByResource, countByTime } from '../../shared/domain/event/count-events.ts';
import { bucketCount, spansOf } from '../../shared/domain/event/time-buckets.ts';
import { anEvent } from '../support/event-builders.ts';

const at = (text: string) => Date.parse(`2026-11-${text}Z`);
const now = at('23T12:34:56.789');

describe('spans of time', () => {
  it('begin with the one that holds the start and end with the unit that is now', () => {
    const spans = spansOf({ unit: 'hour', interval: 1 }, { since: at('23T10:59:59'), until: at('25T00:00:00'), now });

    expect(spans.map(({ start }) => new Date(start).toISOString())).toEqual([
      '2026-11-23T10:00:00.000Z',
      '2026-11-23T11:00:00.000Z',
      '2026-11-23T12:00:00.000Z',
    ]);
  });

  it('end a microsecond before the next one begins', () => {
    const [first, second] = spansOf(
      { unit: 'day', interval: 1 },
      { since: at('21T05:00:00'), until: at('22T05:00:00'), now },
    );

    expect(first?.end).toBeCloseTo((second?.start ?? 0) - 0.001, 3);
  });

  it('begin weeks on Mondays', () => {
    const spans = spansOf({ unit: 'week', interval: 1 }, { since: at('10T00:00:00'), until: now, now });

    expect(spans.map(({ start }) => new Date(start).toISOString().slice(0, 10))).toEqual([
      '2026-11-09',
      '2026-11-16',
      '2026-11-23',
    ]);
  });

  it('take fractions of a unit', () => {
    const range = { since: at('23T10:00:00'), until: at('23T11:00:00'), now };

    expect(spansOf({ unit: 'hour', interval: 0.25 }, range)).toHaveLength(4);
    expect(bucketCount({ unit: 'hour', interval: 0.25 }, range)).toBe(4);
  });

  it('are none where the end comes before the start', () => {
    expect(spansOf({ unit: 'day', interval: 1 }, { since: at('23T00:00:00'), until: at('20T00:00:00'), now })).toEqual(
      [],
    );
  });
});

describe('counts', () => {
  it('by time show spans without events too', () => {
    const counter = countByTime({ unit: 'day', interval: 1 }, { since: at('21T05:00:00'), until: now, now });

    for (const text of ['21T00:00:00', '23T00:00:00', '23T11:59:59']) counter.add(anEvent({ occurred: at(text) }));

    expect(counter.counts().map(({ value, label, count }) => [value, label, count])).toEqual([
      ['0', '2026-11-21T00:00:00+00:00', 1],
      ['1', '2026-11-22T00:00:00+00:00', 0],
      ['2', '2026-11-23T00:00:00+00:00', 2],
    ]);
  });

  it('by time leave out what lies beyond the last span', () => {
    const counter = countByTime(
      { unit: 'day', interval: 1 },
      { since: at('23T00:00:00'), until: at('25T00:00:00'), now },
    );

    counter.add(anEvent({ occurred: at('24T01:00:00') }));

    expect(counter.counts().map(({ count }) => count)).toEqual([0]);
  });

  it('by name come with the most frequent first and equal ones by name, each with its first and last time', () => {
    const counter = countByName();

    for (const [event, text] of [
      ['b', '23T01:00:00'],
      ['c', '23T02:00:00'],
      ['a', '23T03:00:00'],
      ['c', '23T00:30:00'],
    ] as const) {
      counter.add(anEvent({ event, occurred: at(text) }));
    }

    expect(counter.counts().map(({ value, count }) => [value, count])).toEqual([
      ['c', 2],
      ['a', 1],
      ['b', 1],
    ]);
    expect(counter.counts()[0]).toMatchObject({ startTime: at('23T00:30:00'), endTime: at('23T02:00:00') });
  });

  it('by resource bear the name that the resource had last', () => {
    const counter = countByResource();
    const named = (name: string, text: string) =>
      counter.add(
        anEvent({ resource: { 'prefect.resource.id': 's', 'prefect.resource.name': name }, occurred: at(text) }),
      );

    named('new', '23T02:00:00');
    named('old', '23T01:00:00');
    counter.add(anEvent({ resource: { 'prefect.resource.id': 'bare' } }));

    expect(counter.counts().map(({ value, label, count }) => [value, label, count])).toEqual([
      ['s', 'new', 2],
      ['bare', 'bare', 1],
    ]);
  });
});
