import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import { processTemplate } from '../../shared/domain/work-pool/template-process.ts';
import { type ApiUnderTest, start, startApi } from './api-under-test.ts';

let api: ApiUnderTest;
let flowId: string;
beforeAll(async () => {
  api = await startApi();
  flowId = (await api.call('POST', '/api/flows/', { body: { name: 'flow', labels: { from: 'flow' } } })).body.id;
  for (const [name, type, base_job_template] of [
    ['process', 'process', processTemplate],
    ['push', 'ecs:push', ecsPushTemplate],
  ] as const) {
    await api.call('POST', '/api/work_pools/', { body: { name, type, base_job_template } });
  }
});
afterAll(() => api.close());
beforeEach(() => {
  api.clock.now = start;
});

const create = (name: string, extra: object = {}) =>
  api.call('POST', '/api/deployments/', { body: { name, flow_id: flowId, ...extra } });
const read = async (id: string) => (await api.call('GET', `/api/deployments/${id}`)).body;
const update = (id: string, body: object) => api.call('PATCH', `/api/deployments/${id}`, { body });

const hourly = { interval: 3600, anchor_date: '2026-01-01T00:00:00Z', timezone: 'UTC' };

describe('schedules of deployments', () => {
  it('adds, changes and removes one', async () => {
    const { id } = (await create('scheduled')).body;
    const path = `/api/deployments/${id}/schedules`;

    const added = await api.call('POST', path, {
      body: [
        { schedule: hourly, slug: 'h' },
        { schedule: { cron: '0 9 * * *', timezone: 'Europe/Berlin' }, active: false },
      ],
    });
    const [first, second] = added.body;
    await api.call('PATCH', `${path}/${first.id}`, { body: { active: false, max_scheduled_runs: 3 } });
    await api.call('DELETE', `${path}/${second.id}`);
    const left = await api.call('GET', path);

    expect(added.status).toBe(201);
    expect(second.schedule).toEqual({ cron: '0 9 * * *', timezone: 'Europe/Berlin', day_or: true });
    expect(left.body).toMatchObject([
      { id: first.id, slug: 'h', active: false, max_scheduled_runs: 3, schedule: { interval: 3600 } },
    ]);
  });

  it.each([
    [3600.5, 3600.5],
    ['PT90S', 90],
    ['1:30:00', 5400],
  ])('reads the interval %j as %d seconds, anchored now', async (interval, seconds) => {
    const created = await create(`interval-${seconds}`, { schedules: [{ schedule: { interval } }] });

    expect(created.body.schedules[0].schedule).toEqual({
      interval: seconds,
      anchor_date: '2026-11-23T12:00:00.000Z',
      timezone: 'UTC',
    });
  });

  it('keeps the ids of schedules by their slugs and takes the place of all where slugs are missing', async () => {
    const { id } = (await create('slugs', { schedules: [{ schedule: hourly, slug: 'a' }] })).body;
    const before = (await read(id)).schedules;

    await update(id, {
      schedules: [
        { slug: 'a', active: false },
        { slug: 'b', schedule: hourly },
      ],
    });
    const merged = (await read(id)).schedules;
    const noSlug = await update(id, { schedules: [{ schedule: hourly }] });

    expect(merged).toMatchObject([
      { slug: 'b', active: true },
      { id: before[0].id, slug: 'a', active: false, schedule: { interval: 3600 } },
    ]);
    expect(noSlug.status).toBe(422);
    expect(noSlug.body.detail).toContain('provide a slug for each schedule');
  });

  it('answers 409 to a slug that is there twice', async () => {
    const { id } = (await create('twice', { schedules: [{ schedule: hourly, slug: 'a' }] })).body;

    const answer = await api.call('POST', `/api/deployments/${id}/schedules`, {
      body: [{ schedule: hourly, slug: 'a' }],
    });

    expect(answer).toMatchObject({
      status: 409,
      body: { detail: 'Schedule slugs must be unique within a deployment.' },
    });
  });

  it.each([
    [{ cron: 'soon' }],
    [{ cron: '0 9 * * *', timezone: 'Mars/Olympus' }],
    [{ interval: 0 }],
    [{ interval: 'soon' }],
    [{ rrule: 'DAILY' }],
    [{}],
    [{ cron: '0 9 * * *', interval: 1 }],
  ])('answers 422 to the schedule %j', async (schedule) => {
    const answer = await create('odd-schedule', { schedules: [{ schedule }] });

    expect(answer.status).toBe(422);
    expect(answer.body.exception_detail[0].loc.slice(0, 4)).toEqual(['body', 'schedules', 0, 'schedule']);
  });
});
