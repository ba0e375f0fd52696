// Limits and slots on the real local database: however many want the last slot at once, the limit holds.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDocumentClient, type DocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createLimits } from '../../shared/adapters/dynamodb/limits.ts';
import { slotWrites } from '../../shared/adapters/dynamodb/slot-writes.ts';
import { gatePartition, leaseKey, slotHolderKey } from '../../shared/adapters/dynamodb/table.ts';
import { transact } from '../../shared/adapters/dynamodb/writes.ts';
import { world as machine } from '../../shared/adapters/world.ts';
import { runHolderKey, type Who } from '../../shared/domain/limit/limit.ts';
import { runHolder } from '../../shared/domain/limit/place-slots.ts';
import { activeSlots } from '../../shared/domain/limit/room.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import type { Limits } from '../../shared/ports/limits.ts';
import { acquireSlots, type LimitDeps, type SlotRequest } from '../../shared/use-cases/acquire-slots.ts';
import { createLimit, type LimitSettings, removeLimit, updateLimit } from '../../shared/use-cases/change-limits.ts';
import { ContentionError } from '../../shared/use-cases/change-run.ts';
import { readConcurrency } from '../../shared/use-cases/deployment-slots.ts';
import { placeSlotsBack, securePlaceSlots } from '../../shared/use-cases/place-slots.ts';
import { releaseLease, releaseSlots } from '../../shared/use-cases/release-slots.ts';
import { renewLease } from '../../shared/use-cases/renew-lease.ts';
import { releaseTaskSlots, secureTaskSlots } from '../../shared/use-cases/tag-slots.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { loseNextReply, type Raw, rawTable } from '../support/stores.ts';

let database: TestDatabase;
let client: DocumentClient;
let limits: Limits;
let raw: Raw;
let deps: LimitDeps;
const clock = { now: 0 };
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
  limits = createLimits({ client, table: database.controlTable });
  raw = rawTable(database.endpoint, database.controlTable);
  deps = { limits, world: { ...machine, now: () => clock.now } };
});
beforeEach(() => {
  clock.now = Date.parse('2026-11-23T12:00:00Z');
});
afterAll(async () => {
  raw.close();
  client.destroy();
  await database.close();
});

async function aLimit(over: Partial<LimitSettings> = {}) {
  const created = await createLimit(deps, { name: `limit ${randomUUID()}`, limit: 3, ...over });
  if (created === undefined) throw new Error('wanted a new name');
  return created;
}

const request = (names: string | string[], over: Partial<SlotRequest> = {}): SlotRequest => ({
  names: [names].flat(),
  slots: 1,
  mode: 'concurrency',
  lease: { seconds: 60 },
  ...over,
});

async function leased(names: string | string[], over: Partial<SlotRequest> = {}): Promise<string> {
  const answer = await acquireSlots(deps, request(names, over));
  if (answer.kind !== 'granted') throw new Error(`wanted slots, got ${answer.kind}`);
  return answer.leaseId;
}

async function used({ id, slotDecayPerSecond }: { id: string; slotDecayPerSecond: number }): Promise<number> {
  const [gate] = await limits.gates([id]);
  return gate === undefined ? -1 : activeSlots(gate, slotDecayPerSecond, clock.now);
}

const times = <T>(count: number, make: (at: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, at) => make(at)));
const kindsOf = (answers: readonly { kind: string }[]) => {
  const count = (kind: string) => answers.filter((answer) => answer.kind === kind).length;
  return { granted: count('granted'), full: count('full') };
};
const taskRun = (): Who => ({ type: 'task_run', id: randomUUID() });

describe('many at once', () => {
  it('get exactly the slots that there are', async () => {
    const limit = await aLimit();

    const answers = await times(20, () => acquireSlots(deps, request(limit.name)));

    expect(kindsOf(answers)).toEqual({ granted: 3, full: 17 });
    expect(await used(limit)).toBe(3);
  });

  it('get exactly the slots that a rate has left', async () => {
    const limit = await aLimit({ slotDecayPerSecond: 0.5 });

    const answers = await times(12, () => acquireSlots(deps, request(limit.name, { mode: 'rate_limit' })));
    clock.now += 4_000;
    const later = await times(6, () => acquireSlots(deps, request(limit.name, { mode: 'rate_limit' })));

    expect(kindsOf(answers)).toEqual({ granted: 3, full: 9 });
    expect(kindsOf(later)).toEqual({ granted: 2, full: 4 });
  });

  it('take of several limits all or nothing, whatever the order they name them in', async () => {
    const [one, other] = [await aLimit({ limit: 2 }), await aLimit({ limit: 3 })];

    const answers = await times(10, (at) =>
      acquireSlots(deps, request(at % 2 === 0 ? [one.name, other.name] : [other.name, one.name])),
    );

    expect(kindsOf(answers)).toEqual({ granted: 2, full: 8 });
    expect([await used(one), await used(other)]).toEqual([2, 2]);
  });

  it('never exceed the limit while others give back and leases run out', async () => {
    const limit = await aLimit({ limit: 2 });
    const seen: number[] = [];

    for (let round = 0; round < 4; round += 1) {
      const answers = await times(6, () => acquireSlots(deps, request(limit.name)));
      seen.push(await used(limit));
      const [first] = answers.flatMap((answer) => (answer.kind === 'granted' ? [answer.leaseId] : []));
      if (first !== undefined) await releaseLease(deps, first);
      // The others let their leases run out.
      clock.now += 61_000;
    }

    expect(seen).toEqual([2, 2, 2, 2]);
  });

  it('fall back to one slot each as a task run repeats its request', async () => {
    const limit = await aLimit({ name: `tag:${randomUUID()}` });
    const holder = taskRun();

    const leases = await times(5, () => leased(limit.name, { holder }));

    expect(new Set(leases).size).toBe(1);
    expect(await used(limit)).toBe(1);
  });

  it('give plain slots back once each', async () => {
    const limit = await aLimit({ limit: 8, activeSlots: 3 });
    await times(5, () => acquireSlots(deps, { names: [limit.name], slots: 1, mode: 'concurrency' }));

    await times(6, () => releaseSlots(deps, { names: [limit.name], slots: 1 }));

    expect(await used(limit)).toBe(2);
  });
});

describe('a lease', () => {
  it('holds its slots until it is given back, and then nothing of it is left', async () => {
    const limit = await aLimit();
    const leaseId = await leased(limit.name, { slots: 2 });

    expect(await used(limit)).toBe(2);
    await releaseLease(deps, leaseId);
    await releaseLease(deps, leaseId);

    expect(await used(limit)).toBe(0);
    expect(await raw.item(leaseKey(leaseId))).toBeUndefined();
    expect(await raw.sortKeys(gatePartition(limit.id))).toEqual(['gate', 'waits']);
    expect(await renewLease(deps, { leaseId, seconds: 60 })).toBe(false);
  });

  it('that ran out loses its slots to whoever needs them, and cannot be renewed then', async () => {
    const limit = await aLimit({ limit: 1 });
    const old = await leased(limit.name);
    clock.now += 60_000;

    expect(await used(limit)).toBe(0);
    const next = await acquireSlots(deps, request(limit.name));

    expect(next.kind).toBe('granted');
    expect(await renewLease(deps, { leaseId: old, seconds: 60 })).toBe(false);
    expect(await used(limit)).toBe(1);
  });

  it('that ran out lives on when it is renewed before anybody needs its slots', async () => {
    const limit = await aLimit({ limit: 1 });
    const leaseId = await leased(limit.name);
    clock.now += 90_000;

    expect(await renewLease(deps, { leaseId, seconds: 60 })).toBe(true);
    const next = await acquireSlots(deps, request(limit.name));

    expect(next.kind).toBe('full');
  });

  it('is either renewed or lost when renewal and need meet', async () => {
    const outcomes = await times(8, async () => {
      const limit = await aLimit({ limit: 1 });
      const leaseId = await leased(limit.name);
      const later: LimitDeps = { ...deps, world: { ...deps.world, now: () => clock.now + 61_000 } };
      const [isRenewed, next] = await Promise.all([
        renewLease(later, { leaseId, seconds: 60 }),
        acquireSlots(later, request(limit.name)),
      ]);
      return [isRenewed, next.kind];
    });

    for (const [isRenewed, kind] of outcomes) expect(kind).toBe(isRenewed ? 'full' : 'granted');
  });

  it('that was renewed after somebody saw it run out is not freed', async () => {
    const limit = await aLimit({ limit: 1 });
    const leaseId = await leased(limit.name);
    clock.now += 61_000;
    const [seen] = await limits.gates([limit.id]);
    const expired = (seen?.holders ?? []).map((holder) => ({ gateId: limit.id, key: holder.key, holder }));

    await renewLease(deps, { leaseId, seconds: 60 });
    await limits.freeExpired(expired);

    expect(expired).toHaveLength(1);
    expect(await used(limit)).toBe(1);
  });

  it('is swept by TTL a day after it ran out, however often it was renewed', async () => {
    const limit = await aLimit();
    const leaseId = await leased(limit.name);
    await renewLease(deps, { leaseId, seconds: 600 });

    const items = [leaseKey(leaseId), slotHolderKey(limit.id, `lease#${leaseId}`)];
    const swept = await Promise.all(items.map(async (key) => (await raw.item(key))?.['expires_at']?.N));

    const expected = String(Math.ceil(clock.now / 1000) + 600 + 24 * 3600);
    expect(swept).toEqual([expected, expected]);
  });

  it('outlives its limit, so that nobody is stopped because a limit was removed', async () => {
    const limit = await aLimit();
    const leaseId = await leased(limit.name);

    await removeLimit(deps, () => limits.read(limit.id));

    expect(await limits.read(limit.id)).toBeUndefined();
    expect(await renewLease(deps, { leaseId, seconds: 60 })).toBe(true);
    await releaseLease(deps, leaseId);
    expect(await renewLease(deps, { leaseId, seconds: 60 })).toBe(false);
  });

  it('of a rate gives back what has not decayed', async () => {
    const limit = await aLimit({ limit: 10, slotDecayPerSecond: 1 });
    const leaseId = await leased(limit.name, { slots: 6 });
    clock.now += 2_000;

    await releaseLease(deps, leaseId);

    expect(await used(limit)).toBe(0);
  });

  it('over limits of which one is inactive holds the other', async () => {
    const [open, limit] = [await aLimit({ active: false, limit: 0 }), await aLimit()];
    const leaseId = await leased([open.name, limit.name, 'nobody', '']);

    expect([await used(open), await used(limit)]).toEqual([0, 1]);
    expect(await renewLease(deps, { leaseId, seconds: 60 })).toBe(true);
  });
});

describe('a run that needs the slot of a lease that ran out', () => {
  it('gives up as after any race when others keep that slot from it each time', async () => {
    const limit = await aLimit({ limit: 1 });
    await leased(limit.name);
    clock.now += 61_000;
    let tries = 0;
    const freeExpired = async () => {
      tries += 1;
      if (tries > 100) throw new Error('wanted an end');
    };
    const run = { id: randomUUID(), deploymentId: randomUUID(), isAttemptOpen: false } as Run;

    const reading = readConcurrency(
      { ...deps, limits: { ...limits, freeExpired } },
      { run, deployment: { concurrencyLimitId: limit.id }, leaseId: randomUUID() },
    );

    await expect(reading).rejects.toBeInstanceOf(ContentionError);
  });
});

describe('a repeat', () => {
  it('of one key is the same lease, and is forgotten with it', async () => {
    const limit = await aLimit();
    const idempotencyKey = randomUUID();

    const [one, other] = [await leased(limit.name, { idempotencyKey }), await leased(limit.name, { idempotencyKey })];
    const both = await used(limit);
    await releaseLease(deps, one);
    const again = await leased(limit.name, { idempotencyKey });

    expect(other).toBe(one);
    expect(both).toBe(1);
    expect(again).toBe(one);
    expect(await used(limit)).toBe(1);
  });

  it('of one key without a lease takes slots once', async () => {
    const limit = await aLimit();
    const plain: SlotRequest = { names: [limit.name], slots: 2, mode: 'concurrency', idempotencyKey: randomUUID() };

    await times(3, () => acquireSlots(deps, plain));

    expect(await used(limit)).toBe(2);
    await releaseSlots(deps, { names: [limit.name], slots: 2 });
    expect(await used(limit)).toBe(0);
  });

  it('by the SDK after a lost reply takes and gives back once', async () => {
    const own = createDocumentClient();
    const flaky: LimitDeps = { ...deps, limits: createLimits({ client: own, table: database.controlTable }) };
    const limit = await aLimit();
    const before = await limits.gates([limit.id]);

    const taking = { gateId: limit.id, version: before[0]?.version ?? 0, holder: runHolder('r', clock.now) };
    loseNextReply(own);
    const taken = await flaky.limits.take([taking]);
    const [gate] = await limits.gates([limit.id]);
    own.destroy();

    expect(taken).toBe('written');
    expect(gate).toMatchObject({ version: taking.version + 1, holders: [{ key: 'run#r' }] });
  });

  it('of a task run finds its lease after that ran out unnoticed', async () => {
    const limit = await aLimit({ name: `tag:${randomUUID()}`, limit: 1 });
    const holder = taskRun();
    await leased(limit.name, { holder });
    clock.now += 61_000;

    const again = await leased(limit.name, { holder });

    expect(await renewLease(deps, { leaseId: again, seconds: 60 })).toBe(true);
    expect(await used(limit)).toBe(1);
  });
});

describe('the wait of a refused caller', () => {
  it('grows with those who were refused before and with how long slots are held', async () => {
    const limit = await aLimit({ limit: 1 });
    const leaseId = await leased(limit.name);
    const first = await acquireSlots(deps, request(limit.name));
    for (let more = 0; more < 6; more += 1) await acquireSlots(deps, request(limit.name));
    const last = await acquireSlots(deps, request(limit.name));
    clock.now += 20_000;
    await releaseLease(deps, leaseId);
    const [gate] = await limits.gates([limit.id]);

    const [soon, late] = [first, last].map((answer) => (answer.kind === 'full' ? answer.retryAfterSeconds : 0));
    expect(soon).toBeGreaterThan(1.4);
    expect(soon).toBeLessThan(2.7);
    expect(late).toBeGreaterThan(10);
    expect(gate?.waits.averageSeconds).toBeCloseTo(2 + 18 / 2);
  });
});

describe('plain slots', () => {
  it('are given back in whole and in parts, and never beyond what there is', async () => {
    const limit = await aLimit({ limit: 9, activeSlots: 5 });
    const lease = await leased(limit.name);

    await releaseSlots(deps, { names: [limit.name], slots: 2, occupancySeconds: 8 });
    const three = await used(limit);
    await releaseSlots(deps, { names: [limit.name, 'nobody'], slots: 50 });

    expect(three).toBe(4);
    expect(await used(limit)).toBe(1);
    expect(await renewLease(deps, { leaseId: lease, seconds: 60 })).toBe(true);
  });

  it('can be set by hand: leases go on and count no longer', async () => {
    const limit = await aLimit({ limit: 2 });
    const lease = await leased(limit.name, { slots: 2 });

    await updateLimit(deps, () => limits.read(limit.id), { activeSlots: 0 });
    const none = await used(limit);
    const next = await acquireSlots(deps, request(limit.name, { slots: 2 }));
    await updateLimit(deps, () => limits.read(limit.id), { activeSlots: 7 });

    expect(none).toBe(0);
    expect(next.kind).toBe('granted');
    expect(await used(limit)).toBe(7);
    expect(await renewLease(deps, { leaseId: lease, seconds: 60 })).toBe(true);
    await releaseLease(deps, lease);
    expect(await used(limit)).toBe(7);
  });

  it('of a rate can be set and given back', async () => {
    const limit = await aLimit({ limit: 9, slotDecayPerSecond: 1, activeSlots: 6 });

    await releaseSlots(deps, { names: [limit.name], slots: 2 });
    const four = await used(limit);
    clock.now += 1_000;

    expect(four).toBe(4);
    expect(await used(limit)).toBe(3);
  });
});

describe('names', () => {
  it('are unique, also when many create and rename at once', async () => {
    const name = randomUUID();

    const made = await times(5, () => createLimit(deps, { name, limit: 1 }).catch(() => undefined));
    const others = await times(3, () => aLimit());
    const moved = await times(3, (at) => {
      const { id = '' } = others[at] ?? {};
      return updateLimit(deps, () => limits.read(id), { name: `${name} moved` });
    });

    expect(made.filter((limit) => limit !== undefined)).toHaveLength(1);
    expect(moved.filter((outcome) => outcome === 'exists')).toHaveLength(2);
  });

  it('move with their slots', async () => {
    const limit = await aLimit();
    const lease = await leased(limit.name);

    await updateLimit(deps, () => limits.readByName(limit.name), { name: `${limit.name} too`, limit: 1 });

    expect(await limits.readByName(limit.name)).toBeUndefined();
    expect(await limits.read(limit.id)).toMatchObject({ name: `${limit.name} too`, limit: 1, id: limit.id });
    expect((await acquireSlots(deps, request(`${limit.name} too`))).kind).toBe('full');
    await releaseLease(deps, lease);
    expect((await acquireSlots(deps, request(`${limit.name} too`))).kind).toBe('granted');
  });

  it('come in their order', async () => {
    const prefix = randomUUID();
    for (const name of ['b', 'a', 'c']) await createLimit(deps, { name: `${prefix}${name}`, limit: 1 });

    const listed = (await limits.list()).filter(({ name }) => name.startsWith(prefix));

    expect(listed.map(({ name }) => name.slice(prefix.length))).toEqual(['a', 'b', 'c']);
  });
});

describe('task runs', () => {
  it('wait for a tag that is full, and hold a slot until they give it back', async () => {
    const tag = randomUUID();
    await createLimit(deps, { name: `tag:${tag}`, limit: 1 });
    const [one, other] = [randomUUID(), randomUUID()];

    const first = await secureTaskSlots(deps, { taskRunId: one, tags: [tag, 'free'] });
    const again = await secureTaskSlots(deps, { taskRunId: one, tags: [tag, 'free'] });
    const second = await secureTaskSlots(deps, { taskRunId: other, tags: [tag] });
    clock.now += 365 * 24 * 3_600_000;
    const muchLater = await secureTaskSlots(deps, { taskRunId: other, tags: [tag] });
    await releaseTaskSlots(deps, { taskRunId: one, tags: [tag, 'free'] });
    const freed = await secureTaskSlots(deps, { taskRunId: other, tags: [tag] });

    expect([first.kind, again.kind, freed.kind]).toEqual(['granted', 'granted', 'granted']);
    expect(second).toMatchObject({ kind: 'wait', tags: [tag], reason: `Concurrency limit reached for tags: ${tag}` });
    expect(muchLater.kind).toBe('wait');
  });

  it('are stopped by a limit of 0 and by nothing else', async () => {
    const tag = randomUUID();
    await createLimit(deps, { name: `tag:${tag}`, limit: 0 });

    expect((await secureTaskSlots(deps, { taskRunId: randomUUID(), tags: ['none', tag] })).kind).toBe('abort');
    expect((await secureTaskSlots(deps, { taskRunId: randomUUID(), tags: ['none'] })).kind).toBe('granted');
    expect((await secureTaskSlots(deps, { taskRunId: randomUUID(), tags: [] })).kind).toBe('granted');
  });
});

describe('slots of a pool and a queue', () => {
  const take = async (place: Parameters<typeof securePlaceSlots>[1]['place'], runId: string) => {
    const verdict = await securePlaceSlots(deps, { place, runId });
    if (verdict.kind !== 'granted') return verdict.kind;
    return transact(client, slotWrites(database.controlTable, { take: verdict.takings, give: [] }));
  };

  it('are taken together, once a run, and free again when they are given back', async () => {
    const workPool = { id: randomUUID(), concurrencyLimit: 2 };
    const place = { workPool, workQueue: { id: randomUUID(), concurrencyLimit: 1 } };

    const first = await take(place, 'one');
    const again = await take(place, 'one');
    const second = await take(place, 'two');
    const elsewhere = await take({ workPool, workQueue: { id: randomUUID() } }, 'two');
    const back = placeSlotsBack('one', [`pool:${workPool.id}`, `queue:${place.workQueue.id}`]);
    await transact(client, slotWrites(database.controlTable, back));
    const third = await take(place, 'three');

    expect([first, again, second, elsewhere, third]).toEqual(['written', 'written', 'full', 'written', 'written']);
    const gates = await limits.gates([`pool:${workPool.id}`, `queue:${place.workQueue.id}`]);
    expect(gates.map(({ holders }) => holders.map(({ key }) => key).sort())).toEqual([
      [runHolderKey('three'), runHolderKey('two')],
      [runHolderKey('three')],
    ]);
  });

  it('cost nothing where nobody set a limit', async () => {
    const place = { workPool: { id: randomUUID() }, workQueue: { id: randomUUID() } };

    expect(await take(place, 'one')).toBe('unlimited');
    expect(await raw.sortKeys(gatePartition(`pool:${place.workPool.id}`))).toEqual([]);
  });
});
