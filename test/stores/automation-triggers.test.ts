// Triggers on the real local database: events twice, out of order and at the same time, and each firing once.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKnownAutomations } from '../../shared/use-cases/known-automations.ts';
import {
  aCompound,
  anAutomation,
  anEvent,
  aSequence,
  aTrigger,
  minute,
  second,
  start,
} from '../support/automations/builders.ts';
import { type AutomationStage, startAutomations } from '../support/automations/stage.ts';

let stage: AutomationStage;
beforeAll(async () => {
  stage = await startAutomations();
});
beforeEach(() => stage.reset());
afterAll(() => stage.close());

describe('a trigger that fires on each event', () => {
  it('fires once for an event that comes twice', async () => {
    await stage.save(anAutomation());
    const event = anEvent();

    await stage.take(event);
    await stage.take(event);

    expect(stage.firings()).toHaveLength(1);
  });

  it('leaves events alone that it is not about, and those of automations that are off', async () => {
    await stage.save(anAutomation({ trigger: aTrigger({ match: { 'prefect.resource.id': 'other.*' } }) }));
    await stage.save(anAutomation({ enabled: false }));

    await stage.take(anEvent(), anEvent({ event: 'something.else' }));

    expect(stage.firings()).toEqual([]);
  });

  it('counts from the moment it was saved, and no more once it is deleted', async () => {
    const evaluator = createKnownAutomations(stage.deps);
    const before = await evaluator.current();
    const { id } = await stage.save(anAutomation());
    const saved = await evaluator.current();
    await stage.calls.remove(id);

    expect([before.length, saved.length, (await evaluator.current()).length]).toEqual([0, 1, 0]);
  });
});

describe('a trigger that counts', () => {
  const counting = () => anAutomation({ trigger: aTrigger({ threshold: 3, withinSeconds: 60 }) });

  it('fires when the threshold is reached, and then waits for the window to end', async () => {
    await stage.save(counting());
    const at = [0, 10, 20, 30, 40, 50].map((seconds) => anEvent({ occurred: start + seconds * second }));

    for (const event of at) await stage.take(event);

    expect(stage.firings()).toHaveLength(1);
  });

  it('counts an event that comes twice once', async () => {
    await stage.save(counting());
    const [one, two] = [anEvent(), anEvent({ occurred: start + 1 })];

    for (const event of [one, two, one, two, one]) await stage.take(event);

    expect(stage.firings()).toEqual([]);
  });

  it('counts each once when ten evaluators take them at the same time', async () => {
    await stage.save(anAutomation({ trigger: aTrigger({ threshold: 10, withinSeconds: 600 }) }));
    const events = Array.from({ length: 10 }, (_, at) => anEvent({ occurred: start + at }));

    await Promise.all(events.flatMap((event) => [stage.take(event), stage.take(event)]));

    expect(stage.firings()).toHaveLength(1);
  });

  it('counts each value of its labels apart', async () => {
    await stage.save(
      anAutomation({ trigger: aTrigger({ threshold: 2, withinSeconds: 60, forEach: ['prefect.resource.id'] }) }),
    );
    const of = (id: string, at: number) => anEvent({ resource: { 'prefect.resource.id': id }, occurred: start + at });

    await stage.take(of('a', 0), of('b', 1), of('c', 2), of('b', 3));
    await stage.visitAll();

    expect(stage.performed.map(({ firing }) => firing.labels)).toEqual([{ 'prefect.resource.id': 'b' }]);
  });
});

describe('a trigger that waits for an event after another', () => {
  const waiting = (over = {}) =>
    anAutomation({
      trigger: aTrigger({
        after: ['it.began'],
        expect: ['it.ended'],
        withinSeconds: 60,
        forEach: ['prefect.resource.id'],
        ...over,
      }),
    });
  const began = anEvent({ event: 'it.began', occurred: start });
  const ended = anEvent({ event: 'it.ended', occurred: start + 5 * second });

  it.each([
    ['in order', [began, ended]],
    ['the wrong way round', [ended, began]],
    ['each twice', [ended, ended, began, began, ended]],
  ])('fires once when they come %s', async (_how, events) => {
    await stage.save(waiting());

    for (const event of events) await stage.take(event);

    expect(stage.firings()).toHaveLength(1);
  });

  it('does not fire for what happened before the beginning', async () => {
    await stage.save(waiting());

    await stage.take({ ...ended, occurred: start - second });
    await stage.take(began);

    expect(stage.firings()).toEqual([]);
  });

  it.each([
    ['in order', [began, ended]],
    ['the wrong way round', [ended, began]],
  ])('keeps quiet about an absence when both came %s', async (_how, events) => {
    await stage.save(waiting({ posture: 'Proactive' }));
    for (const event of events) await stage.take(event);

    stage.clock.now = start + 2 * minute;
    await stage.tick();
    await stage.visitAll();

    expect(stage.performed).toEqual([]);
  });

  it('fires for an absence when the window ends, with the event that opened it', async () => {
    await stage.save(waiting({ posture: 'Proactive' }));
    await stage.take(began);

    expect(stage.hints).toEqual([{ kind: 'trigger', stateId: expect.any(String), delaySeconds: 60 }]);
    stage.hints.length = 0;
    stage.clock.now = start + minute;
    await stage.tick();
    await stage.visitAll();
    await stage.visitAll();

    expect(stage.performed).toHaveLength(1);
    expect(stage.performed[0]?.event).toEqual(began);
  });
});

describe('a trigger that expects something all the time', () => {
  const watching = () => anAutomation({ trigger: aTrigger({ posture: 'Proactive', withinSeconds: 10 }) });
  const pass = async (seconds: number) => {
    stage.clock.now += seconds * second;
    stage.hints.length = 0;
    await stage.tick();
    await stage.visitAll();
    await stage.visitAll();
  };

  it('fires at the end of each window without it, and not at the end of one with it', async () => {
    await stage.save(watching());

    await pass(10);
    const without = stage.performed.length;
    await stage.take(anEvent({ occurred: start + 15 * second }));
    await pass(10);
    const with_ = stage.performed.length;
    await pass(10);

    expect([without, with_, stage.performed.length]).toEqual([1, 1, 2]);
  });

  it('fires once however often it is visited', async () => {
    await stage.save(watching());
    stage.clock.now += 10 * second;
    await stage.tick();
    const ids = stage.hints.flatMap((hint) => (hint.kind === 'trigger' ? [hint.stateId] : []));
    stage.hints.length = 0;

    await Promise.all([...ids, ...ids, ...ids].map((id) => stage.fireProactive(id)));

    expect(stage.firings()).toHaveLength(1);
  });

  it('is hinted by the clock ahead of time', async () => {
    await stage.save(anAutomation({ trigger: aTrigger({ posture: 'Proactive', withinSeconds: 600 }) }));
    await stage.tick();
    const early = [...stage.hints];

    stage.clock.now += 400 * second;
    await stage.tick();

    expect(early).toEqual([]);
    expect(stage.hints).toEqual([{ kind: 'trigger', stateId: expect.any(String), delaySeconds: 200 }]);
  });

  it('is hinted at once where its window ends before the clock comes by', async () => {
    await stage.save(anAutomation({ trigger: aTrigger({ posture: 'Proactive', withinSeconds: 20 }) }));

    expect(stage.hints).toEqual([{ kind: 'trigger', stateId: expect.any(String), delaySeconds: 20 }]);
  });

  it('sends a hint again that came too early', async () => {
    await stage.save(watching());
    await stage.tick();
    const [hint] = stage.hints.splice(0);

    await stage.fireProactive(hint?.kind === 'trigger' ? hint.stateId : '');

    expect(stage.hints).toEqual([{ ...hint, delaySeconds: 10 }]);
  });

  it('forgets its window when its automation is switched off, and begins anew when it is on again', async () => {
    const { id } = await stage.save(watching());
    await stage.calls.switch(id, false);
    await pass(20);
    const whileOff = stage.performed.length;

    await stage.calls.switch(id, true);
    await pass(9);
    const early = stage.performed.length;
    await pass(1);

    expect([whileOff, early, stage.performed.length]).toEqual([0, 0, 1]);
  });
});

describe('a composite trigger', () => {
  const children = () => [aTrigger({ expect: ['first'] }), aTrigger({ expect: ['second'] })];
  const first = anEvent({ event: 'first', occurred: start });
  const second = anEvent({ event: 'second', occurred: start + 5_000 });

  it.each([
    ['all of them, in order', aCompound(children()), [first, second], 1],
    ['all of them, the wrong way round', aCompound(children()), [second, first], 1],
    ['one of them', aCompound(children()), [first, first], 0],
    ['any of them', aCompound(children(), { require: 'any' }), [first, second], 2],
    ['all of them, too far apart', aCompound(children(), { withinSeconds: 4 }), [first, second], 0],
    ['a sequence in order', aSequence(children()), [first, second], 1],
    ['a sequence whose events overtake each other', aSequence(children()), [second, first], 1],
    ['a sequence the wrong way round', aSequence(children()), [{ ...second, occurred: start - 1 }, first], 0],
    ['composites inside', aCompound([aSequence(children()), aTrigger({ expect: ['first'] })]), [first, second], 1],
  ])('that gets %s fires as often as it should', async (_what, trigger, events, count) => {
    await stage.save(anAutomation({ trigger }));

    for (const event of events) await stage.take(event);
    for (const event of events) await stage.take(event);

    expect(stage.firings()).toHaveLength(count);
  });

  it('fires once when its parts fire at the same time', async () => {
    await stage.save(anAutomation({ trigger: aCompound(children()) }));

    await Promise.all([stage.take(first), stage.take(second), stage.take(first), stage.take(second)]);

    expect(stage.firings()).toHaveLength(1);
  });
});

describe('an automation that sees what automations do', () => {
  it('is not triggered by itself, nor by what it set off elsewhere', async () => {
    const everything = aTrigger({ expect: ['prefect.automation.*'] });
    await stage.save(anAutomation({ trigger: aTrigger({ expect: [] }) }));
    await stage.save(anAutomation({ name: 'another', trigger: everything }));
    await stage.take(anEvent());

    for (let round = 0; round < 10 && stage.hints.length > 0; round += 1) {
      const before = stage.sent.length;
      await stage.visitAll();
      await stage.take(...stage.sent.slice(before));
    }

    expect(stage.hints).toEqual([]);
    expect(stage.performed.length).toBeLessThan(10);
  });
});
