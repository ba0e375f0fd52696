import { describe, expect, it } from 'vitest';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import { type EventStep, takeEvents } from '../../shared/use-cases/take-events.ts';
import { anEvent } from '../support/event-builders.ts';

type Seen = { readonly step: string; readonly ids: readonly string[] };

function recorder(seen: Seen[], isPoison: (event: PrefectEvent) => boolean = () => false) {
  return (name: string, extra: Partial<EventStep> = {}): EventStep => ({
    name,
    take: async (events) => {
      seen.push({ step: name, ids: events.map(({ id }) => id) });
      if (events.some(isPoison)) throw new TypeError('cannot be taken');
    },
    ...extra,
  });
}

describe('taking events', () => {
  it('hands a batch to every step of a stage, and to the next stage when all are done', async () => {
    const seen: Seen[] = [];
    const step = recorder(seen);
    const events = [anEvent({ id: 'a' }), anEvent({ id: 'b' })];

    const failed = await takeEvents([[step('keep'), step('record')], [step('tell')]], events);

    expect(failed.size).toBe(0);
    expect(seen.map((one) => one.step)).toEqual(['keep', 'record', 'tell']);
    expect(seen.every(({ ids }) => ids.join() === 'a,b')).toBe(true);
  });

  it('gives a step only the events that concern it, and does not call it for none', async () => {
    const seen: Seen[] = [];
    const step = recorder(seen);
    const concerns = ({ event }: PrefectEvent) => event === 'mine';

    await takeEvents(
      [[step('some', { concerns }), step('never', { concerns: () => false })]],
      [anEvent({ id: 'a', event: 'mine' }), anEvent({ id: 'b' })],
    );

    expect(seen).toEqual([{ step: 'some', ids: ['a'] }]);
  });

  it('lets one poisoned event fail alone, in its step and for its id', async () => {
    const seen: Seen[] = [];
    const step = recorder(seen, ({ id }) => id === 'bad');
    const events = [anEvent({ id: 'a' }), anEvent({ id: 'bad' }), anEvent({ id: 'c' })];

    const failed = await takeEvents([[step('keep')]], events);

    expect([...failed.keys()]).toEqual(['bad']);
    expect(String(failed.get('bad'))).toContain('keep: TypeError: cannot be taken');
    expect(seen.slice(1).map(({ ids }) => ids)).toEqual([['a'], ['bad'], ['c']]);
  });

  it('goes on with the other steps, also for the event that failed', async () => {
    const seen: Seen[] = [];
    const bad = recorder([], () => true);
    const good = recorder(seen);

    const failed = await takeEvents([[bad('keep'), good('record')], [good('tell')]], [anEvent({ id: 'a' })]);

    expect([...failed.keys()]).toEqual(['a']);
    expect(seen.map((one) => one.step)).toEqual(['record', 'tell']);
  });

  it('takes an event once that stands twice in a batch', async () => {
    const seen: Seen[] = [];
    const event = anEvent({ id: 'a' });

    await takeEvents([[recorder(seen)('keep')]], [event, { ...event }]);

    expect(seen).toEqual([{ step: 'keep', ids: ['a'] }]);
  });

  it('does nothing with no events', async () => {
    const seen: Seen[] = [];

    expect((await takeEvents([[recorder(seen)('keep')]], [])).size).toBe(0);
    expect(seen).toEqual([]);
  });
});
