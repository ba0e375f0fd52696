// Triggers and templates of automations against the code of Prefect's own server.
import { beforeAll, describe, expect, it } from 'vitest';
import { trigger as triggerSchema } from '../../shared/contract/automation-triggers.ts';
import type { EventTrigger } from '../../shared/domain/automation/automation.ts';
import { expire, nothingKnown, react, type TriggerState } from '../../shared/domain/automation/bucket.ts';
import {
  bucketingKey,
  isInterested,
  meetsThreshold,
  triggeringLabels,
} from '../../shared/domain/automation/event-trigger.ts';
import type { PrefectEvent } from '../../shared/domain/event/event.ts';
import { templateProblem } from '../../shared/domain/jinja/parse-template.ts';
import { renderTemplate } from '../../shared/domain/jinja/render.ts';
import type { Json } from '../../shared/domain/json.ts';
import { type HistoryCase, historyCase } from './automation-cases.ts';
import { type Answer, askPython } from './prefect-oracle.ts';
import { templateContext, templates } from './user-templates.ts';

const firstSeed = 4_000;
const histories = Array.from({ length: 400 }, (_, index) => historyCase(firstSeed + index));

let answers: readonly Answer[] = [];
beforeAll(async () => {
  const questions: Json[] = [
    ...histories.map((given) => ({
      ask: 'history',
      trigger: given.trigger,
      steps: given.steps.map((step) => ({ ...step })),
    })),
    ...templates.map((template) => ({ ask: 'template', template, context: templateContext })),
  ];
  answers = await askPython('prefect', 'automations.py', questions);
}, 600_000);

describe('400 generated histories of a trigger', () => {
  it('fire when and for what they fire in Prefect, and leave the same windows behind', () => {
    const differences = histories.flatMap((given, index) => {
      const theirs = answers[index];
      const ours = play(given);
      const isEqual = theirs?.ok === true && JSON.stringify(theirs.answer) === JSON.stringify(ours);
      if (isEqual) return [];
      const steps = theirs?.ok === true && Array.isArray(theirs.answer) ? theirs.answer : [];
      const at = ours.findIndex((step, place) => JSON.stringify(step) !== JSON.stringify(steps[place]));
      return [
        {
          seed: firstSeed + index,
          trigger: given.trigger,
          at,
          step: given.steps[at],
          ours: ours[at],
          theirs: steps[at] ?? theirs,
        },
      ];
    });

    expect(differences.length, JSON.stringify(differences[0], undefined, 1)).toBe(0);
  });

  it('fire often enough to be compared', () => {
    const firing = histories.filter((given) => play(given).some(({ fired }) => fired.length > 0));

    expect(firing.length).toBeGreaterThan(100);
  });
});

type Played = { readonly fired: Json[][]; readonly buckets: Json[][] };

/** Order and doubles are other tests' matter: what came too early is left out here, as Prefect leaves it. */
function play({ trigger, steps }: HistoryCase): Played[] {
  const parsed = triggerSchema.parse(trigger);
  if (parsed.type !== 'event') throw new Error('wanted an event trigger');
  const states = new Map<string, TriggerState>();
  return steps.map((step) => {
    const fired =
      'event' in step ? takeEvent(parsed, states, eventOf(step.event, step.at)) : look(parsed, states, step.at);
    return { fired, buckets: bucketsOf(states) };
  });
}

const epoch = Date.parse('2026-11-23T12:00:00Z');

function eventOf(sent: Extract<HistoryCase['steps'][number], { event: object }>['event'], at: number): PrefectEvent {
  return { ...sent, payload: {}, occurred: epoch + at, received: epoch + at };
}

function takeEvent(trigger: EventTrigger, states: Map<string, TriggerState>, event: PrefectEvent): Json[][] {
  if (!isInterested(trigger, event)) return [];
  const key = bucketingKey(trigger, event);
  const name = JSON.stringify(key);
  const { state, fired } = react(
    trigger,
    states.get(name) ?? nothingKnown,
    { id: event.id, occurred: event.occurred, name: event.event },
    0,
  );
  states.set(name, { ...state, early: [] });
  return fired.map(({ by }) => [by?.id ?? null, { ...triggeringLabels(trigger, key) }]);
}

function look(trigger: EventTrigger, states: Map<string, TriggerState>, at: number): Json[][] {
  if (trigger.posture !== 'Proactive') return [];
  return [...states]
    .toSorted(([one], [other]) => compareKeys(one, other))
    .flatMap(([name, before]) => {
      const { bucket } = before;
      if (bucket === undefined || bucket.end > epoch + at || !meetsThreshold(trigger, bucket.count)) return [];
      const { state, fired } = expire(trigger, before, epoch + at);
      states.set(name, { ...state, early: [] });
      return fired.map(({ by }): Json[] => [by?.id ?? null, { ...triggeringLabels(trigger, JSON.parse(name)) }]);
    });
}

function compareKeys(one: string, other: string): number {
  const [left, right]: string[][] = [JSON.parse(one), JSON.parse(other)];
  for (const [place, part] of (left ?? []).entries()) {
    const rival = right?.[place] ?? '';
    if (part !== rival) return part < rival ? -1 : 1;
  }
  return 0;
}

function bucketsOf(states: ReadonlyMap<string, TriggerState>): Json[][] {
  const kept = [...states].flatMap(([name, { bucket }]): [string, Json[]][] =>
    bucket === undefined ? [] : [[name, [JSON.parse(name), bucket.start - epoch, bucket.end - epoch, bucket.count]]],
  );
  return kept.toSorted(([one], [other]) => compareKeys(one, other)).map(([, bucket]) => bucket);
}

describe.each(templates.map((template, index) => [template, index] as const))('the template %j', (template, index) => {
  it('is taken or refused with the words of Prefect, and gives the same text', () => {
    const theirs = answers[histories.length + index];

    const problem = templateProblem(template);

    const ours = {
      problem: problem === undefined ? null : [problem.line, problem.message],
      text: problem === undefined ? textOf(template) : null,
    };
    expect(theirs).toEqual({ ok: true, answer: ours });
  });
});

function textOf(template: string): string | null {
  try {
    return renderTemplate(template, { context: templateContext });
  } catch {
    return null;
  }
}
