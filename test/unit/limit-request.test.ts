// What a request for slots means before anything is taken.
import { describe, expect, it } from 'vitest';
import { emptyGate, type Gate, type Holder, type Limit } from '../../shared/domain/limit/limit.ts';
import { canBeName, keyHeldBy, limitedGates, refusalOf } from '../../shared/domain/limit/request.ts';

const now = 1_000;
const limit = (over: Partial<Limit> = {}): Limit => ({
  id: 'a',
  version: 1,
  created: 0,
  updated: 0,
  name: 'tag:a',
  limit: 2,
  active: true,
  slotDecayPerSecond: 0,
  ...over,
});

describe('a request for slots', () => {
  it('is refused when it wants more than a limit has', () => {
    expect(refusalOf([limit(), limit({ limit: 1 })], { slots: 2, mode: 'concurrency' })).toBe(
      'Slots requested is greater than the limit',
    );
    expect(refusalOf([limit()], { slots: 2, mode: 'concurrency' })).toBeUndefined();
    expect(refusalOf([limit({ limit: 0, active: false })], { slots: 2, mode: 'concurrency' })).toBeUndefined();
  });

  it('is refused when it rates by a limit that does not decay', () => {
    const limits = [limit({ name: 'x' }), limit({ name: 'y' }), limit({ name: 'z', slotDecayPerSecond: 1 })];

    expect(refusalOf(limits, { slots: 1, mode: 'rate_limit' })).toMatch(/do not have a decay configured: 'x,y'$/);
    expect(refusalOf(limits.slice(2), { slots: 1, mode: 'rate_limit' })).toBeUndefined();
  });

  it('is refused when no transaction can hold it', () => {
    const many = Array.from({ length: 41 }, (_, at) => limit({ id: `${at}` }));

    expect(refusalOf(many, { slots: 1, mode: 'concurrency' })).toBe(
      'slots of 41 limits were asked for at once, at most 40 can be taken together',
    );
    expect(refusalOf(many.slice(1), { slots: 1, mode: 'concurrency' })).toBeUndefined();
  });

  it('has gates where they were read', () => {
    const gate = emptyGate('a');

    expect(limitedGates([limit(), limit({ id: 'b' })], [gate])).toEqual([{ gate, limit: 2, slotDecayPerSecond: 0 }]);
  });

  it.each([
    ['', false],
    ['x', true],
    ['é'.repeat(500), true],
    ['é'.repeat(501), false],
  ])('looks for no limit of a name that no item can have', (name, can) => {
    expect(canBeName(name)).toBe(can);
  });
});

describe('a task run that asks again', () => {
  const who = { type: 'task_run', id: 't' } as const;
  const held = (over: Partial<Holder> = {}): Holder => ({ key: 'lease#1', slots: 1, since: 0, who, ...over });
  const gates = (...holders: Holder[][]): Gate[] =>
    holders.map((list, at) => ({ ...emptyGate(at === 0 ? 'a' : 'b'), holders: list }));
  const both = [limit(), limit({ id: 'b', name: 'tag:b' })];
  const seen = { slots: 1, now };

  it('is known by a lease on all its tags', () => {
    expect(keyHeldBy(who, both, { ...seen, gates: gates([held()], [held()]) })).toBe('lease#1');
    expect(keyHeldBy(who, both.slice(0, 1), { ...seen, gates: gates([held()]) })).toBe('lease#1');
  });

  it.each([
    ['another task run', { ...who, id: 'u' }, gates([held()], [held()])],
    ['a flow run of the same id', { type: 'flow_run', id: 't' } as const, gates([held()], [held()])],
    ['nobody in particular', undefined, gates([held()], [held()])],
    ['one of two tags', who, gates([held()], [])],
    ['two leases', who, gates([held()], [held({ key: 'lease#2' })])],
    ['other slots', who, gates([held({ slots: 2 })], [held({ slots: 2 })])],
    ['a lease that ran out', who, gates([held({ until: now })], [held({ until: now })])],
  ])('is not known by %s', (_what, asking, there) => {
    expect(keyHeldBy(asking, both, { ...seen, gates: there })).toBeUndefined();
  });

  it('may hold the slots of a limit that is no tag twice', () => {
    expect(keyHeldBy(who, [limit({ name: 'db' })], { ...seen, gates: gates([held()]) })).toBeUndefined();
  });
});
