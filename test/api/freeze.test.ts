// Freezing and thawing by the routes of Slipway's own, on the real local database.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bindUseCases } from '../../lambdas/api/deps.ts';
import { createAdmission } from '../../shared/adapters/dynamodb/admission.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { emptyAdmission, grant, grantRepeat } from '../../shared/domain/submit/admission.ts';
import type { Admission } from '../../shared/ports/admission.ts';
import { type ApiUnderTest, startApi } from './api-under-test.ts';

const rate = { perSecond: 20, burst: 100, calls: { perSecond: 20, burst: 100 } };
const second = 1_000;

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.call('POST', '/api/slipway/thaw');
  api.hints.submitted.length = 0;
});

const stored = async () => (await api.admission.read()) ?? emptyAdmission(rate, api.clock.now);

describe('freezing', () => {
  it('is off at first, and answers since when and why it is on', async () => {
    const before = await api.call('GET', '/api/slipway/freeze');
    const frozen = await api.call('POST', '/api/slipway/freeze', { body: { reason: 'moving the cluster' } });
    const after = await api.call('GET', '/api/slipway/freeze');

    const off = { frozen: false, since: null, reason: null, restored_from: null, thawing: false };
    expect(before).toMatchObject({ status: 200, body: off });
    const since = new Date(api.clock.now).toISOString();
    expect(frozen).toMatchObject({ status: 200, body: { frozen: true, since, reason: 'moving the cluster' } });
    expect(after.body).toEqual(frozen.body);
  });

  it('leaves no reservation to anybody, for claims or for repeats', async () => {
    await api.call('POST', '/api/slipway/freeze');

    const state = await stored();

    expect(grant(state, rate, { count: 1, now: api.clock.now })).toEqual({ kind: 'frozen' });
    expect(grantRepeat(state, rate, { now: api.clock.now, type: 'FARGATE' })).toEqual({ kind: 'frozen' });
  });

  it('answers when the reservations that were given have run out, and not before', async () => {
    const before = await stored();
    const given = grant(before, rate, { count: 1, now: api.clock.now });
    if (given.kind !== 'granted') throw new Error(given.kind);
    await api.admission.write(await api.admission.read(), given.after);
    api.clock.now += 3 * second;

    const { status } = await api.call('POST', '/api/slipway/freeze');

    expect(status).toBe(200);
    expect(api.clock.now).toBe(given.reservation.expiresAt);
  });

  it('a second time keeps who was first, and waits for nothing that is over', async () => {
    const first = await api.call('POST', '/api/slipway/freeze', { body: { reason: 'first' } });
    api.clock.now += 60 * second;
    const at = api.clock.now;

    const again = await api.call('POST', '/api/slipway/freeze', { body: { reason: 'second' } });

    expect(again.body).toEqual(first.body);
    expect(api.clock.now).toBe(at);
  });

  it.each([[{ reason: '' }], [{ reason: 7 }], [['reason']]])('refuses the body %j', async (body) => {
    const { status } = await api.call('POST', '/api/slipway/freeze', { body });

    expect(status).toBe(422);
    expect((await api.call('GET', '/api/slipway/freeze')).body.frozen).toBe(false);
  });
});

describe('thawing', () => {
  it('gives reservations again and wakes the pump', async () => {
    await api.call('POST', '/api/slipway/freeze');

    const thawed = await api.call('POST', '/api/slipway/thaw');

    expect(thawed).toMatchObject({ status: 200, body: { frozen: false, since: null, thawing: false } });
    expect(grant(await stored(), rate, { count: 1, now: api.clock.now }).kind).toBe('granted');
    expect(api.hints.submitted).toEqual([{ kind: 'room' }]);
  });

  it('of what is not frozen changes nothing and tells nobody', async () => {
    const before = await api.admission.read();

    const { status, body } = await api.call('POST', '/api/slipway/thaw');

    expect([status, body.frozen]).toEqual([200, false]);
    expect(await api.admission.read()).toEqual(before);
    expect(api.hints.submitted).toEqual([]);
  });
});

describe('a table whose admission item was written for another one', () => {
  /** The same table, seen as a copy that was made of it. */
  function restored(): { readonly admission: Admission; readonly call: ApiUnderTest['call'] } {
    const client = createDocumentClient();
    const table = 'slipway-control';
    const admission = createAdmission({ client, table, tableIdentity: 'a-copy', now: () => api.clock.now });
    const { call } = api.with({ useCases: bindUseCases({ ...api.bound, admission }) });
    return { admission, call };
  }

  it('is frozen without being asked, and only waits to be matched when it is to thaw', async () => {
    await api.admission.write(await api.admission.read(), await stored());
    const { admission, call } = restored();

    const seen = await call('GET', '/api/slipway/freeze');
    const thawing = await call('POST', '/api/slipway/thaw');

    const since = new Date(api.clock.now).toISOString();
    expect(seen.body).toMatchObject({ frozen: true, since, reason: 'the table was restored from a backup' });
    expect(seen.body.restored_from).toMatch(/\S/);
    expect(thawing.body).toMatchObject({ frozen: true, thawing: true });
    expect(api.hints.submitted).toEqual([{ kind: 'match' }]);
    const state = await admission.read();
    expect(state === undefined ? undefined : grantRepeat(state, rate, { now: api.clock.now, type: 'FARGATE' })).toEqual(
      { kind: 'frozen' },
    );
  });

  it('stays frozen when somebody freezes it while it is to thaw', async () => {
    await api.admission.write(await api.admission.read(), await stored());
    const { admission, call } = restored();
    await call('POST', '/api/slipway/thaw');

    const frozen = await call('POST', '/api/slipway/freeze');

    expect(frozen.body).toMatchObject({ frozen: true, thawing: false });
    expect((await admission.read())?.restored).toBeDefined();
  });
});
