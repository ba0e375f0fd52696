// Firings on the real local database: every action once, told once, tried again where it helps.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../shared/use-cases/action-outcome.ts';
import { anAutomation, anEvent, minute, second, start } from '../support/automations/builders.ts';
import { type AutomationStage, startAutomations } from '../support/automations/stage.ts';

let stage: AutomationStage;
const done: Outcome = { kind: 'done', result: { isSuccess: true, details: { status_code: 200 }, resources: [] } };
const again: Outcome = {
  kind: 'again',
  result: { isSuccess: false, reason: 'busy', details: {}, resources: [] },
  sent: [0],
};

beforeAll(async () => {
  stage = await startAutomations();
});
beforeEach(async () => {
  stage.acting.perform = async () => done;
  await stage.reset();
});
afterAll(() => stage.close());

/** An automation that has fired for an event; the hint is taken away. */
async function fired(over: Parameters<typeof anAutomation>[0] = {}, event = anEvent()): Promise<string> {
  await stage.save(anAutomation(over));
  await stage.take(event);
  const [id = ''] = stage.firings();
  stage.hints.length = 0;
  stage.sent.length = 0;
  return id;
}

const told = () => stage.sent.map(({ event }) => event.replace('prefect.automation.', ''));

describe('a firing', () => {
  it('tells that it fired, and what became of each action', async () => {
    const event = anEvent();
    const id = await fired({ actions: [{ type: 'do-nothing' }], actionsOnTrigger: [{ type: 'do-nothing' }] }, event);

    await stage.runFiring(id);

    expect(told()).toEqual(['triggered', 'action.triggered', 'action.executed', 'action.triggered', 'action.executed']);
    const [triggered, actionTriggered, executed] = stage.sent;
    expect(triggered).toMatchObject({
      resource: { 'prefect.resource.name': 'an automation', 'prefect.posture': 'Reactive' },
      related: [{ 'prefect.resource.id': `prefect.event.${event.id}`, 'prefect.resource.role': 'triggering-event' }],
      payload: { triggering_labels: {}, triggering_event: { id: event.id } },
    });
    expect(actionTriggered).toMatchObject({
      follows: event.id,
      payload: { action_index: 0, action_type: 'do-nothing' },
    });
    expect(executed).toMatchObject({
      follows: actionTriggered?.id,
      resource: { 'prefect.trigger-type': 'event' },
      payload: { status_code: 200 },
      related: expect.arrayContaining([
        {
          'prefect.resource.id': `prefect.event.${triggered?.id}`,
          'prefect.resource.role': 'automation-triggered-event',
        },
      ]),
    });
    expect(stage.performed.map(({ event: given }) => given?.event)).toEqual([
      'it.happened',
      'prefect.automation.triggered',
    ]);
  });

  it('says why an action failed', async () => {
    stage.acting.perform = async () => ({
      kind: 'done',
      result: { isSuccess: false, reason: 'no such thing', details: {}, resources: [] },
    });
    const id = await fired();

    await stage.runFiring(id);

    expect(stage.sent.at(-1)).toMatchObject({
      event: 'prefect.automation.action.failed',
      payload: { reason: 'no such thing' },
    });
  });

  it('performs each action once when its hint comes five times at once', async () => {
    const id = await fired({ actions: [{ type: 'do-nothing' }, { type: 'do-nothing' }] });

    await Promise.all(Array.from({ length: 5 }, () => stage.runFiring(id)));
    await stage.runFiring(id);

    expect(stage.performed).toHaveLength(2);
  });

  it('is found by the clock when its hint was lost, and left alone once it is done', async () => {
    await fired();
    stage.clock.now = start + 2 * minute;

    await stage.tick();
    const found = stage.firings();
    await stage.visitAll();
    stage.clock.now += 10 * minute;
    await stage.tick();

    expect(found).toHaveLength(1);
    expect(stage.firings()).toEqual([]);
  });

  it('goes on with the automation as it was, whatever became of it since', async () => {
    const id = await fired();
    for (const { id: automation } of await stage.deps.automations.list()) await stage.calls.remove(automation);

    await stage.runFiring(id);

    expect(stage.performed).toHaveLength(1);
  });

  it('reads a large event from the store', async () => {
    const event = anEvent({ payload: { text: 'x'.repeat(100_000) } });
    const id = await fired({}, event);

    await stage.runFiring(id);

    expect(stage.performed[0]?.event).toEqual(event);
  });

  it('waits for an event that is not in the store yet, and goes on without it after a minute', async () => {
    await stage.save(anAutomation());
    const event = anEvent({ occurred: start - 400 * 86_400_000, payload: { text: 'x'.repeat(100_000) } });
    await stage.take(event);
    const [id = ''] = stage.firings();
    stage.hints.length = 0;

    await stage.runFiring(id);
    const early = [...stage.hints];
    stage.clock.now += minute;
    await stage.runFiring(id);

    expect(early).toEqual([{ kind: 'firing', firingId: id, delaySeconds: 5 }]);
    expect(stage.performed.map(({ event: given }) => given)).toEqual([undefined]);
  });
});

describe('an action that fails in passing', () => {
  it('is tried again after 2, 10, 60 and 300 seconds, and has failed then', async () => {
    stage.acting.perform = async () => again;
    const id = await fired();
    const delays: number[] = [];

    for (let round = 0; round < 6; round += 1) {
      await stage.runFiring(id);
      const hint = stage.hints.pop();
      if (hint === undefined) break;
      delays.push(hint.delaySeconds);
      stage.clock.now += hint.delaySeconds * second;
    }

    expect(delays).toEqual([2, 10, 60, 300]);
    expect(stage.performed).toHaveLength(5);
    expect(stage.performed.at(-1)?.sent).toEqual([0]);
    expect(stage.sent.at(-1)).toMatchObject({ event: 'prefect.automation.action.failed', payload: { reason: 'busy' } });
  });

  it('is not tried before its time', async () => {
    stage.acting.perform = async () => again;
    const id = await fired();

    await stage.runFiring(id);
    await stage.runFiring(id);

    expect(stage.performed).toHaveLength(1);
  });

  it('holds up none of the others', async () => {
    stage.acting.perform = async ({ triggered }) => (triggered.index === 0 ? again : done);
    const id = await fired({ actions: [{ type: 'do-nothing' }, { type: 'do-nothing' }] });

    await stage.runFiring(id);

    expect(told()).toEqual(['triggered', 'action.triggered', 'action.executed']);
  });

  it('may also throw', async () => {
    stage.acting.perform = async () => {
      throw new Error('the store is busy');
    };
    const id = await fired();

    await stage.runFiring(id);
    stage.acting.perform = async () => done;
    stage.clock.now += 2 * second;
    await stage.runFiring(id);

    expect(told().at(-1)).toBe('action.executed');
    expect(JSON.stringify(stage.sent)).not.toContain('the store is busy');
  });
});

describe('a Lambda that dies', () => {
  it('while it acts leaves the action to who comes when its lease is over', async () => {
    const id = await fired();
    const { promise, reject } = Promise.withResolvers<Outcome>();
    stage.acting.perform = () => promise;
    const dying = stage.runFiring(id);
    await vi.waitFor(() => expect(stage.performed).toHaveLength(1));
    stage.acting.perform = async () => done;
    await stage.runFiring(id);
    const meanwhile = stage.performed.length;

    stage.clock.now += minute + 1;
    await stage.runFiring(id);

    expect([meanwhile, stage.performed.length]).toEqual([1, 2]);
    reject(new Error('gone'));
    await dying;
  });

  it('before it tells of an action does not make it be performed again', async () => {
    const id = await fired();
    const { eventSink } = stage.deps;
    const send = eventSink.send;
    let isBroken = true;
    eventSink.send = async (events) => {
      if (isBroken && events.some(({ event }) => event.endsWith('.executed'))) throw new Error('the queue is away');
      await send(events);
    };

    await expect(stage.runFiring(id)).rejects.toThrow('the queue is away');
    isBroken = false;
    await stage.runFiring(id);
    eventSink.send = send;

    expect(stage.performed).toHaveLength(1);
    expect(told().filter((event) => event === 'action.executed')).toHaveLength(1);
  });
});

describe('a metric trigger', () => {
  const slow = (over = {}) =>
    anAutomation({
      trigger: {
        type: 'metric',
        id: 'm',
        match: {},
        matchRelated: {},
        metric: { name: 'successes', threshold: 0.5, operator: '<', rangeSeconds: 600, firingForSeconds: 300, ...over },
      },
      actionsOnResolve: [{ type: 'do-nothing' }],
    });
  const ended = (name: string) =>
    anEvent({
      event: `prefect.flow-run.${name}`,
      occurred: stage.clock.now,
      resource: { 'prefect.resource.id': 'prefect.flow-run.x' },
    });
  const pass = async (minutes: number) => {
    for (let at = 0; at < minutes; at += 1) {
      stage.clock.now += minute;
      stage.hints.length = 0;
      await stage.tick();
      await stage.visitAll();
      await stage.visitAll();
    }
  };

  it('fires when its figure has breached for long enough, and resolves when it is well for as long', async () => {
    await stage.save(slow());
    await stage.take(ended('Completed'), ended('Failed'), ended('Crashed'));

    await pass(5);
    const early = stage.performed.length;
    await pass(1);
    const [triggered] = stage.performed.splice(0);
    await pass(11);

    expect(early).toBe(0);
    expect(triggered?.firing).toMatchObject({ states: ['Triggered'], value: expect.closeTo(1 / 3) });
    expect(stage.performed.map(({ firing }) => firing.states)).toEqual([['Resolved'], ['Resolved']]);
  });

  it('counts an event that comes twice once', async () => {
    await stage.save(slow());
    const [good, bad] = [ended('Completed'), ended('Failed')];

    await stage.take(bad, good);
    await stage.take(bad);
    await stage.take(bad);
    await pass(7);

    expect(stage.performed).toEqual([]);
  });
});
