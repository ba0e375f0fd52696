import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

async function flowNamed(name: string, extra: object = {}) {
  return (await api.call('POST', '/api/flows/', { body: { name, ...extra } })).body;
}

describe('flows', () => {
  it('answers 201 for a new flow and 200 with the same flow when its name is sent again', async () => {
    const sent = { name: 'etl', tags: ['a'], labels: { team: 'data', level: 3 } };

    const first = await api.call('POST', '/api/flows/', { body: sent });
    const second = await api.call('POST', '/api/flows/', { body: { name: 'etl' } });

    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ ...sent, created: '2026-11-23T12:00:00.000Z' });
    expect(second.status).toBe(200);
    expect(second.body).toEqual(first.body);
  });

  it('reads a flow by id and by a name with spaces', async () => {
    const flow = await flowNamed('my nice flow');

    const byId = await api.call('GET', `/api/flows/${flow.id}`);
    const byName = await api.call('GET', '/api/flows/name/my nice flow');

    expect(byId.body).toEqual(flow);
    expect(byName.body).toEqual(flow);
  });

  it('changes the tags of a flow and leaves them when none are sent', async () => {
    const flow = await flowNamed('tagged', { tags: ['old'] });

    const empty = await api.call('PATCH', `/api/flows/${flow.id}`, { body: {} });
    const kept = await api.call('GET', `/api/flows/${flow.id}`);
    await api.call('PATCH', `/api/flows/${flow.id}`, { body: { tags: ['new'] } });
    const changed = await api.call('GET', `/api/flows/${flow.id}`);

    expect(empty.status).toBe(204);
    expect(empty.body).toBeUndefined();
    expect(kept.body.tags).toEqual(['old']);
    expect(changed.body.tags).toEqual(['new']);
  });

  it('lists, counts and pages by a filter, in the order that is asked for', async () => {
    for (const name of ['list-b', 'list-a', 'list-c']) await flowNamed(name);
    const flows = { name: { like_: 'LIST-' } };

    const listed = await api.call('POST', '/api/flows/filter', { body: { flows, sort: 'NAME_DESC', limit: 2 } });
    const counted = await api.call('POST', '/api/flows/count', { body: { flows } });
    const paged = await api.call('POST', '/api/flows/paginate', { body: { flows, limit: 2, page: 2 } });

    expect(listed.body.map((flow: { name: string }) => flow.name)).toEqual(['list-c', 'list-b']);
    expect(counted.body).toBe(3);
    expect(paged.body).toMatchObject({ count: 3, limit: 2, page: 2, pages: 2, results: [{ name: 'list-c' }] });
  });

  it('lists everything when no body is sent, and takes explicit nulls as defaults', async () => {
    const total = (await api.call('POST', '/api/flows/count')).body;

    const bare = await api.call('POST', '/api/flows/filter');
    const nulls = await api.call('POST', '/api/flows/filter', {
      body: { flows: null, flow_runs: null, limit: null, offset: null },
    });

    expect(total).toBeGreaterThan(0);
    expect(bare.body).toHaveLength(total);
    expect(nulls.body).toHaveLength(total);
  });

  it('finds flows by their deployments', async () => {
    const [with1, without] = [await flowNamed('has-deployment'), await flowNamed('has-none')];
    await api.call('POST', '/api/deployments/', { body: { name: 'd', flow_id: with1.id } });
    const ids = { id: { any_: [with1.id, without.id] } };

    const having = await api.call('POST', '/api/flows/filter', {
      body: { flows: { ...ids, deployment: { is_null_: false } } },
    });
    const lacking = await api.call('POST', '/api/flows/filter', {
      body: { flows: { ...ids, deployment: { is_null_: true } } },
    });
    const named = await api.call('POST', '/api/flows/filter', {
      body: { flows: ids, deployments: { name: { any_: ['d'] } } },
    });

    expect(having.body.map((flow: { id: string }) => flow.id)).toEqual([with1.id]);
    expect(lacking.body.map((flow: { id: string }) => flow.id)).toEqual([without.id]);
    expect(named.body.map((flow: { id: string }) => flow.id)).toEqual([with1.id]);
  });

  it('deletes a flow together with its deployments', async () => {
    const flow = await flowNamed('doomed');
    const deployment = await api.call('POST', '/api/deployments/', { body: { name: 'd', flow_id: flow.id } });

    const deleted = await api.call('DELETE', `/api/flows/${flow.id}`);

    expect(deleted.status).toBe(204);
    expect((await api.call('GET', `/api/flows/${flow.id}`)).status).toBe(404);
    expect((await api.call('GET', `/api/deployments/${deployment.body.id}`)).status).toBe(404);
  });
});

describe('many flows', () => {
  it('are deleted at once with their deployments, and it is told which', async () => {
    const ids = [];
    for (const name of ['bulk-a', 'bulk-b', 'bulk-c']) ids.push((await flowNamed(name)).id);
    const deployment = await api.call('POST', '/api/deployments/', { body: { name: 'd', flow_id: ids[0] } });
    const flows = { name: { like_: 'bulk-' } };

    const two = await api.call('POST', '/api/flows/bulk_delete', { body: { flows, limit: 2 } });
    const rest = await api.call('POST', '/api/flows/bulk_delete', { body: { flows } });
    const none = await api.call('POST', '/api/flows/bulk_delete', { body: { flows, limit: 0 } });

    expect(two.body).toEqual({ deleted: [ids[0], ids[1]] });
    expect(rest.body).toEqual({ deleted: [ids[2]] });
    expect(none.status).toBe(422);
    expect((await api.call('GET', `/api/deployments/${deployment.body.id}`)).status).toBe(404);
  });

  it('show how many deployments and which next run each has', async () => {
    const [busy, idle] = [await flowNamed('busy'), await flowNamed('idle')];
    const schedules = [{ schedule: { cron: '0 9 * * *' } }];
    await api.call('POST', '/api/deployments/', { body: { name: 'd', flow_id: busy.id, schedules } });
    await api.call('POST', '/api/deployments/', { body: { name: 'e', flow_id: busy.id } });
    const body = { flow_ids: [busy.id, idle.id] };

    const counts = await api.call('POST', '/api/ui/flows/count-deployments', { body });
    const next = await api.call('POST', '/api/ui/flows/next-runs', { body });
    const unnamed = await api.call('POST', '/api/ui/flows/next-runs', { body: {} });

    expect(counts.body).toEqual({ [busy.id]: 2, [idle.id]: 0 });
    expect(next.body[busy.id]).toMatchObject({
      flow_id: busy.id,
      state_type: 'SCHEDULED',
      next_scheduled_start_time: '2026-11-24T09:00:00.000Z',
    });
    expect(next.body[idle.id]).toBeNull();
    expect(unnamed.status).toBe(422);
  });
});

describe('flows that cannot be served', () => {
  it.each([
    ['GET', `/api/flows/${nobody}`],
    ['PATCH', `/api/flows/${nobody}`],
    ['DELETE', `/api/flows/${nobody}`],
    ['GET', '/api/flows/name/nobody'],
  ])('answers 404 to %s %s', async (method, path) => {
    const answer = await api.call(method, path, method === 'PATCH' ? { body: {} } : {});

    expect(answer).toMatchObject({ status: 404, body: { detail: 'Flow not found' } });
  });

  it.each([
    ['a missing name', {}, ['body', 'name'], 'missing'],
    ['a name of another type', { name: 7 }, ['body', 'name'], 'string_type'],
    ['a name with a slash', { name: 'a/b' }, ['body', 'name'], 'string_pattern_mismatch'],
    ['an unknown field', { name: 'x', colour: 'red' }, ['body', 'colour'], 'extra_forbidden'],
    ['a label that is an object', { name: 'x', labels: { a: {} } }, ['body', 'labels', 'a'], 'bool_type'],
  ])('answers 422 to %s, saying where and what', async (_what, body, loc, type) => {
    const answer = await api.call('POST', '/api/flows/', { body });

    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ exception_message: 'Invalid request received.', request_body: body });
    expect(answer.body.exception_detail[0]).toMatchObject({ loc, type });
  });

  it.each([
    [{ limit: 201 }, 'Invalid limit: must be less than or equal to 200.'],
    [{ limit: -1 }, 'Invalid limit: must be greater than or equal to 0.'],
  ])('refuses the limit %j in words', async (body, detail) => {
    const answer = await api.call('POST', '/api/flows/filter', { body });

    expect(answer).toMatchObject({ status: 422, body: { detail } });
  });

  it('refuses a filter that it does not know instead of matching everything', async () => {
    const answer = await api.call('POST', '/api/flows/filter', { body: { flows: { nmae: { any_: ['x'] } } } });

    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0]).toMatchObject({ loc: ['body', 'flows', 'nmae'] });
  });

  it('answers 413 to a flow that no item can hold', async () => {
    const answer = await api.call('POST', '/api/flows/', { body: { name: 'huge', tags: ['x'.repeat(500_000)] } });

    expect(answer.status).toBe(413);
    expect(answer.body.detail).toContain('wanted at most');
  });
});
