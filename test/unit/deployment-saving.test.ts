import { describe, expect, it } from 'vitest';
import { displaced, freePriority } from '../../lambdas/api/handlers/queue-priority.ts';
import type { DeploymentSchedule, WorkQueue } from '../../shared/domain/catalogue.ts';
import { checkParameters, schemaProblem } from '../../shared/domain/deployment/parameters.ts';
import { mergedSchedules, replacedSchedules, type SentSchedule } from '../../shared/domain/deployment/schedules.ts';

describe('parameters', () => {
  const schema = {
    title: 'Parameters',
    type: 'object',
    properties: {
      x: { type: 'integer', title: 'x', position: 0 },
      maybe: { type: 'string', title: 'maybe' },
      given: { type: 'string', default: 'd' },
      pair: { type: 'array', items: [{ type: 'integer' }, { type: 'string' }] },
      nested: { $ref: '#/definitions/Nested' },
      when: { type: 'string', format: 'date-time' },
    },
    required: ['x'],
    definitions: { Nested: { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] } },
  };

  it.each([
    [{ x: 1 }],
    [{ x: 1, maybe: null }],
    [{ x: 1, pair: [1, 'a'] }],
    [{ x: 1, nested: { a: 2 } }],
    [{ x: 1, when: 'not a date' }],
    [{ x: 1, unknown: true }],
  ])('fit: %j', (parameters) => {
    expect(checkParameters(schema, parameters)).toEqual([]);
  });

  it.each([
    [{}, "parameters must have required property 'x'"],
    [{ x: 'a' }, "'x' must be integer"],
    [{ x: 1, maybe: 3 }, "'maybe' must be string or null"],
    [{ x: null }, "'x' must be integer"],
    [{ x: 1, given: null }, "'given' must be string"],
    [{ x: 1, pair: ['a'] }, "'pair.0' must be integer"],
    [{ x: 1, nested: {} }, "'nested' must have required property 'a'"],
  ])('do not fit: %j', (parameters, problem) => {
    expect(checkParameters(schema, parameters)).toEqual([problem]);
  });

  it('say every problem at once', () => {
    expect(checkParameters(schema, { x: 'a', maybe: 3 })).toHaveLength(2);
  });

  it('may lack required ones where a deployment is saved', () => {
    expect(checkParameters(schema, { nested: {} }, { required: false })).toEqual([]);
    expect(checkParameters(schema, { x: 'a' }, { required: false })).toEqual(["'x' must be integer or null"]);
  });

  it('cannot be judged by a schema that is none', () => {
    const odd = { type: 'object', properties: { x: { $ref: '#/definitions/Missing' } } };

    expect(schemaProblem(odd)).toContain('not a usable JSON schema');
    expect(checkParameters(odd, { x: 1 })).toEqual([schemaProblem(odd)]);
    expect(schemaProblem(schema)).toBeUndefined();
  });

  it('can be judged by a schema that refers to itself', () => {
    const tree = {
      type: 'object',
      properties: { tree: { $ref: '#/definitions/Tree' } },
      definitions: {
        Tree: { type: 'object', properties: { left: { $ref: '#/definitions/Tree' }, v: { type: 'integer' } } },
      },
    };

    expect(checkParameters(tree, { tree: { left: { left: { v: 1 } } } })).toEqual([]);
    expect(checkParameters(tree, { tree: { left: { left: { v: 'x' } } } })).toEqual([
      "'tree.left.left.v' must be integer or null",
    ]);
  });
});

describe('schedules', () => {
  const owner = { deploymentId: 'd', now: 9, newId: () => 'new' };
  const schedule = { cron: '* * * * *' };
  const known = (slug?: string): DeploymentSchedule => ({
    id: `id-${slug}`,
    created: 1,
    updated: 1,
    deploymentId: 'd',
    schedule,
    active: true,
    maxScheduledRuns: 5,
    parameters: { a: 1 },
    ...(slug === undefined ? {} : { slug }),
  });
  const merge = (before: DeploymentSchedule[], sent: SentSchedule[]) => {
    const merged = mergedSchedules(before, sent, owner);
    return merged.ok ? merged.schedules.map(({ id, slug }) => `${id}:${slug}`) : merged.problem;
  };

  it.each([
    ['replaces the set where an old one has no slug', [known()], [{ schedule, slug: 'a' }], ['new:a']],
    ['empties the set where an old one has no slug', [known(), known('a')], [], []],
    ['keeps all where slugs are known and nothing is sent', [known('a')], [], ['id-a:a']],
    [
      'changes by slug and adds the new',
      [known('a'), known('b')],
      [{ slug: 'b' }, { slug: 'c', schedule }],
      ['id-a:a', 'id-b:b', 'new:c'],
    ],
    ['renames by what a schedule replaces', [known('a')], [{ slug: 'z', replaces: 'a' }], ['id-a:z']],
    [
      'adds one that replaces what is not there',
      [known('a')],
      [{ slug: 'z', replaces: 'x', schedule }],
      ['id-a:a', 'new:z'],
    ],
    [
      'swaps two slugs',
      [known('a'), known('b')],
      [
        { slug: 'b', replaces: 'a' },
        { slug: 'a', replaces: 'b' },
      ],
      ['id-a:b', 'id-b:a'],
    ],
  ] as [string, DeploymentSchedule[], SentSchedule[], string[]][])('%s', (_what, before, sent, expected) => {
    expect(merge(before, sent)).toEqual(expected);
  });

  it.each([
    ['a slug is missing', [known('a')], [{ schedule }], 'provide a slug'],
    ['a new one has no schedule', [known('a')], [{ slug: 'b' }], 'without a schedule'],
    [
      'one is replaced twice',
      [known('a')],
      [
        { slug: 'x', replaces: 'a' },
        { slug: 'y', replaces: 'a' },
      ],
      'same slug: a',
    ],
    ['a rename meets another', [known('a'), known('b')], [{ slug: 'b', replaces: 'a' }], "slug 'b' already exists"],
    [
      'slugs repeat',
      [known()],
      [
        { slug: 'x', schedule },
        { slug: 'x', schedule },
      ],
      'must be unique',
    ],
  ] as [string, DeploymentSchedule[], SentSchedule[], string][])('refuses when %s', (_what, before, sent, words) => {
    expect(merge(before, sent)).toContain(words);
  });

  it('changes what is sent, takes a cap away by null and keeps the rest', () => {
    const sent = { slug: 'a', active: false, maxScheduledRuns: null };

    const merged = mergedSchedules([known('a')], [sent], owner);

    const { maxScheduledRuns: _cap, ...uncapped } = known('a');
    expect(merged).toEqual({ ok: true, schedules: [{ ...uncapped, active: false, updated: 9 }] });
  });

  it('makes new ones active, with nothing that was not sent', () => {
    expect(replacedSchedules([{ schedule }], owner)).toEqual({
      ok: true,
      schedules: [{ id: 'new', created: 9, updated: 9, deploymentId: 'd', schedule, active: true, parameters: {} }],
    });
  });
});

describe('priorities of queues', () => {
  const queue = (id: string, priority: number): WorkQueue => ({
    id,
    created: 0,
    updated: 0,
    version: 1,
    workPoolName: 'p',
    name: id,
    isPaused: false,
    priority,
  });

  it.each([
    [[], 1],
    [[1, 2], 3],
    [[2, 3], 1],
    [[1, 3], 2],
  ])('beside %j the first free one is %i', (taken, expected) => {
    expect(freePriority(taken.map((priority) => queue(`q${priority}`, priority)))).toBe(expected);
  });

  it.each([
    [1, { a: 1, b: 2, c: 4 }, { a: 2, b: 3 }],
    [2, { a: 1, b: 3 }, {}],
    [2, { a: 2, b: 3, c: 4 }, { a: 3, b: 4, c: 5 }],
  ])('one that takes %i from %j moves %j', (taken, others, expected) => {
    const queues = Object.entries(others).map(([id, priority]) => queue(id, priority));

    const moved = displaced([...queues, queue('new', taken)], queue('new', taken));

    expect(Object.fromEntries(moved.map(({ queue: { id }, priority }) => [id, priority]))).toEqual(expected);
  });
});
