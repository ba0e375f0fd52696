// Rules of automations that need no database: patterns, resources, composites, metrics, loops.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allTriggers, parentsOf, type Trigger, withNewIds } from '../../shared/domain/automation/automation.ts';
import { matchesGlob } from '../../shared/domain/automation/glob.ts';
import { runLoopProblem } from '../../shared/domain/automation/loops.ts';
import { judgeMetric, type MetricState } from '../../shared/domain/automation/metric.ts';
import {
  coversResources,
  findLabel,
  idOfFirst,
  matchesResource,
} from '../../shared/domain/automation/resource-match.ts';
import { aCompound, anEvent, aSequence, aTrigger } from '../support/automations/builders.ts';

describe('a pattern', () => {
  it.each([
    ['a*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a?c', 'ac', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[]]x', ']x', true],
    ['[a', '[a', true],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['prefect.flow-run.*', 'prefect.flow-run.Completed', true],
    ['prefect.flow-run.*', 'prefect.task-run.Completed', false],
    ['A', 'a', false],
    ['*.b.*', 'a.b.c', true],
    ['a**b', 'axxb', true],
    ['🙂?', '🙂x', true],
  ])('%s fits %s: %s', (pattern, text, fits) => {
    expect(matchesGlob(pattern, text)).toBe(fits);
  });

  it('fits itself when it has no marks', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[*?[]/.test(text)),
        (text) => matchesGlob(text, text),
      ),
    );
  });

  it('with a star between fits whatever begins and ends so', () => {
    const plain = fc.string().filter((text) => !/[*?[]/.test(text));
    fc.assert(
      fc.property(plain, fc.string(), plain, (head, middle, tail) =>
        matchesGlob(`${head}*${tail}`, head + middle + tail),
      ),
    );
  });

  it('with many stars is judged at once, however long the text', () => {
    const since = performance.now();

    expect(matchesGlob(`${'*a'.repeat(30)}b`, 'a'.repeat(5_000))).toBe(false);
    expect(performance.now() - since).toBeLessThan(1_000);
  });
});

describe('a resource', () => {
  const resource = { 'prefect.resource.id': 'thing.1', kind: 'a', empty: '' };

  it.each([
    [{}, true],
    [{ kind: 'a' }, true],
    [{ kind: ['b', 'a'] }, true],
    [{ kind: '!a' }, false],
    [{ kind: '!b' }, true],
    [{ missing: '!b' }, false],
    [{ kind: [] }, false],
    [{ kind: 'a', 'prefect.resource.id': 'thing.*' }, true],
    [{ kind: 'a', 'prefect.resource.id': 'other.*' }, false],
    [{ constructor: '*' }, false],
  ])('is meant by %j: %s', (spec, isMeant) => {
    expect(matchesResource(spec, resource)).toBe(isMeant);
  });

  it('needs a related one for each specification of the list', () => {
    const related = [
      { 'prefect.resource.id': 'o.1', 'prefect.resource.role': 'owner' },
      { 'prefect.resource.id': 't.1', 'prefect.resource.role': 'tag' },
    ];
    const event = anEvent({ resource, related });
    const covers = (matchRelated: object) => coversResources(aTrigger({ matchRelated: matchRelated as never }), event);

    expect(covers([{ 'prefect.resource.role': 'owner' }, { 'prefect.resource.id': 't.*' }])).toBe(true);
    expect(covers([{ 'prefect.resource.role': 'owner' }, { 'prefect.resource.id': 'x.*' }])).toBe(false);
    expect(coversResources(aTrigger({ matchRelated: {} }), anEvent())).toBe(true);
  });

  it('gives its labels, and those of the first related one in a role', () => {
    const related = [
      { 'prefect.resource.id': 'o.1', 'prefect.resource.role': 'owner', colour: 'red' },
      { 'prefect.resource.id': 'o.2', 'prefect.resource.role': 'owner', colour: 'blue' },
    ];
    const event = anEvent({ resource: { ...resource, 'related:nobody:x': 'own' }, related });

    expect(
      ['kind', 'related:owner:colour', 'related:owner:size', 'related:nobody:x', 'gone'].map((label) =>
        findLabel(event, label),
      ),
    ).toEqual(['a', 'red', undefined, 'own', undefined]);
  });

  it('tells the id of the first of a kind, if it is a UUID', () => {
    const id = '11111111-2222-4333-8444-555555555555';
    const event = anEvent({
      related: [{ 'prefect.resource.id': `prefect.flow-run.${id}` }, { 'prefect.resource.id': 'prefect.flow.mine' }],
    });

    expect([
      idOfFirst(event, 'prefect.flow-run'),
      idOfFirst(event, 'prefect.flow'),
      idOfFirst(event, 'prefect.work-pool'),
    ]).toEqual([id, undefined, undefined]);
  });
});

describe('triggers in triggers', () => {
  const inner = aTrigger();
  const middle = aSequence([inner, aTrigger()]);
  const outer = aCompound([aTrigger(), middle]);

  it('know what is around them, from the inside out', () => {
    expect(parentsOf(outer, inner.id)?.map(({ id }) => id)).toEqual([middle.id, outer.id]);
    expect(parentsOf(outer, outer.id)).toEqual([]);
    expect(parentsOf(outer, 'nobody')).toBeUndefined();
  });

  it('all get new ids', () => {
    let count = 0;
    const renewed: Trigger = withNewIds(outer, () => {
      count += 1;
      return `id ${count}`;
    });

    expect(new Set(allTriggers(renewed).map(({ id }) => id)).size).toBe(5);
    expect(allTriggers(renewed).some(({ id }) => allTriggers(outer).some((old) => old.id === id))).toBe(false);
  });
});

describe('an automation that runs deployments on flow run events', () => {
  const everyRun = { expect: ['prefect.flow-run.*'] };
  const selected = {
    type: 'run-deployment',
    target: { kind: 'selected', id: 'd' },
    parameters: null,
    jobVariables: null,
    scheduleAfterSeconds: 0,
  } as const;
  const inferred = { ...selected, target: { kind: 'inferred' } } as const;

  it.each([
    ['an inferred one, on every event', aTrigger(everyRun), inferred, true, true],
    [
      'an inferred one, on Completed alone',
      aTrigger({ expect: ['prefect.flow-run.Completed'] }),
      inferred,
      true,
      false,
    ],
    ['a selected one, on every run', aTrigger(everyRun), selected, true, true],
    [
      'a selected one, on some runs',
      aTrigger({ ...everyRun, match: { 'prefect.resource.name': 'a*' } }),
      selected,
      true,
      false,
    ],
    [
      'a selected one, on runs of another',
      aTrigger({ ...everyRun, matchRelated: { 'prefect.resource.id': 'prefect.deployment.x' } }),
      selected,
      true,
      false,
    ],
    ['an inferred one, while it is off', aTrigger(everyRun), inferred, false, false],
    ['an inferred one, on an absence', aTrigger({ ...everyRun, posture: 'Proactive' }), inferred, true, false],
  ])('%s', (_what, trigger, action, enabled, isRefused) => {
    expect(runLoopProblem({ enabled, trigger, actions: [action] }) !== undefined).toBe(isRefused);
  });
});

describe('a figure', () => {
  const trigger = {
    type: 'metric',
    id: 'm',
    match: {},
    matchRelated: {},
    metric: { name: 'duration', threshold: 10, operator: '>', rangeSeconds: 300, firingForSeconds: 300 },
  } as const;
  const judge = (figures: readonly (number | undefined)[]) => {
    let state: MetricState = { is: 'Resolved', nextAt: 0 };
    return figures.map((figure, minute) => {
      const step = judgeMetric(trigger, state, { figure, now: minute * 60_000 });
      state = step.state;
      return step.fires ?? '';
    });
  };

  it('fires after five minutes above its threshold, and resolves after five below', () => {
    const high = Array.from({ length: 7 }, () => 11);
    const low = Array.from({ length: 7 }, () => 10);

    const fired = judge([...high, ...low]);

    expect(fired.flatMap((state, minute) => (state === '' ? [] : [[minute, state]]))).toEqual([
      [5, 'Triggered'],
      [12, 'Resolved'],
    ]);
  });

  it('begins to count anew when it was well for a moment', () => {
    expect(judge([11, 11, 11, 11, 10, 11, 11, 11, 11, 11]).join('')).toBe('');
  });

  it('that nobody knows is no breach', () => {
    expect(judge(Array.from({ length: 20 }, () => undefined)).join('')).toBe('');
  });
});
