import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, nobody, start, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let made: Prepared;
beforeAll(async () => {
  api = await startApi();
  made = await prepare(api);
});
afterAll(() => api.close());

const nine = { cron: '0 9 * * *', timezone: 'UTC' };
const hourly = { interval: 3600, anchor_date: '2026-01-01T00:30:00Z', timezone: 'UTC' };

let count = 0;
async function deploy(schedules: object[], extra: object = {}): Promise<string> {
  count += 1;
  const body = { name: `planned ${count}`, flow_id: made.flowId, work_pool_name: 'process', schedules, ...extra };
  return (await api.call('POST', '/api/deployments/', { body })).body.id;
}

async function runsOf(id: string) {
  const body = { deployments: { id: { any_: [id] } }, sort: 'EXPECTED_START_TIME_ASC' };
  return (await api.call('POST', '/api/flow_runs/filter', { body })).body;
}

const timesOf = async (id: string) =>
  (await runsOf(id)).map((run: { expected_start_time: string }) => run.expected_start_time);
const idsOf = async (id: string) => (await runsOf(id)).map((run: { id: string }) => run.id);
const patch = (id: string, body: object) => api.call('PATCH', `/api/deployments/${id}`, { body });
const iso = (milliseconds: number) => new Date(milliseconds).toISOString();

describe('runs planned ahead', () => {
  it('are there as soon as a deployment with a schedule is, with what Prefect gives them', async () => {
    const schedule = { schedule: nine, slug: 'morning', parameters: { q: 2 } };
    const id = await deploy([schedule], {
      parameters: { p: 1, q: 1 },
      tags: ['a'],
      version: 'v3',
      labels: { team: 'x' },
    });
    const scheduleId = (await api.call('GET', `/api/deployments/${id}/schedules`)).body[0].id;

    const runs = await runsOf(id);

    expect(runs.map((run: { expected_start_time: string }) => run.expected_start_time)).toEqual([
      '2026-11-24T09:00:00.000Z',
      '2026-11-25T09:00:00.000Z',
      '2026-11-26T09:00:00.000Z',
    ]);
    expect(runs[0]).toMatchObject({
      auto_scheduled: true,
      state_type: 'SCHEDULED',
      state_name: 'Scheduled',
      state: { message: 'Flow run scheduled', state_details: { scheduled_time: '2026-11-24T09:00:00.000Z' } },
      next_scheduled_start_time: '2026-11-24T09:00:00.000Z',
      parameters: { p: 1, q: 2 },
      tags: ['auto-scheduled', 'a'],
      labels: { team: 'x', 'prefect.deployment.id': id },
      deployment_version: 'v3',
      work_pool_name: 'process',
      work_queue_name: 'default',
      created_by: { id: scheduleId, type: 'SCHEDULE', display_value: 'morning' },
    });
  });

  it('reach an hour ahead and are three at least', async () => {
    const id = await deploy([{ schedule: { interval: 600, anchor_date: iso(start), timezone: 'UTC' } }]);

    const times = await timesOf(id);

    expect(times).toHaveLength(7);
    expect(times.at(-1)).toBe('2026-11-23T13:00:00.000Z');
  });

  it('are a hundred at most, and a hint comes in time for more', async () => {
    const id = await deploy([{ schedule: { interval: 3, anchor_date: iso(start), timezone: 'UTC' } }], {
      work_pool_name: null,
    });
    const first = await timesOf(id);
    api.clock.now += 61_000;

    await api.deps.useCases.planRuns(id);
    const second = await timesOf(id);
    api.clock.now = start;

    expect(first).toHaveLength(100);
    expect(api.hints.observed).toContainEqual({ kind: 'plan', deploymentId: id });
    expect(second).toHaveLength(121);
    expect(new Set(second).size).toBe(121);
  });

  it('are no more than the schedule allows', async () => {
    const id = await deploy([{ schedule: nine, max_scheduled_runs: 2 }]);

    expect(await timesOf(id)).toHaveLength(2);
  });

  it('come from each active schedule with its own parameters, equal schedules included', async () => {
    const id = await deploy([
      { schedule: nine, parameters: { x: 1 } },
      { schedule: nine, parameters: { x: 2 } },
      { schedule: nine, active: false },
      { schedule: { rrule: 'FREQ=DAILY;BYHOUR=15;BYMINUTE=0;BYSECOND=0', timezone: 'America/New_York' } },
    ]);

    const runs = await runsOf(id);

    expect(runs).toHaveLength(9);
    expect(runs.filter((run: { parameters: { x?: number } }) => run.parameters.x === 2)).toHaveLength(3);
    expect(await timesOf(id)).toContain('2026-11-23T20:00:00.000Z');
  });

  it('fire at a wall time that comes twice the first time, intervals and cron alike', async () => {
    api.clock.now = Date.parse('2026-11-01T04:45:00Z');
    const zone = 'America/New_York';
    const elapsed = await deploy([
      { schedule: { interval: 3600, anchor_date: '2026-01-01T00:30:00Z', timezone: zone } },
    ]);
    const byClock = await deploy([{ schedule: { cron: '30 * * * *', timezone: zone } }]);

    const [one, other] = [await timesOf(elapsed), await timesOf(byClock)];
    api.clock.now = start;

    expect(one.slice(0, 3)).toEqual(['05:30', '07:30', '08:30'].map((clock) => `2026-11-01T${clock}:00.000Z`));
    expect(other.slice(0, 2)).toEqual(['05:30', '07:30'].map((clock) => `2026-11-01T${clock}:00.000Z`));
  });
});

describe('a deployment that is saved again', () => {
  it('keeps its runs when nothing changed, and does not double the one under way', async () => {
    const id = await deploy([{ schedule: nine, slug: 's' }]);
    const before = await idsOf(id);
    api.clock.now = Date.parse('2026-11-24T08:59:55Z');
    await made.propose(before[0], { type: 'PENDING' });

    await patch(id, { schedules: [{ schedule: nine, slug: 's' }] });
    const after = await runsOf(id);
    api.clock.now = start;

    expect(after.map((run: { id: string }) => run.id)).toEqual(before);
    expect(after[0].state_type).toBe('PENDING');
  });

  it('gives its runs the new parameters and tags', async () => {
    const id = await deploy([{ schedule: nine }], { parameters: { x: 1 } });

    await patch(id, { parameters: { x: 2 }, tags: ['new'] });
    const runs = await runsOf(id);

    expect(runs).toHaveLength(3);
    expect(runs[0]).toMatchObject({ parameters: { x: 2 }, tags: ['auto-scheduled', 'new'] });
  });

  it('takes away the runs of schedules that are gone and leaves runs that somebody asked for', async () => {
    const id = await deploy([{ schedule: nine }]);
    const asked = (await made.trigger({}, id)).body.id;

    await patch(id, { schedules: [{ schedule: hourly }] });
    const times = await timesOf(id);

    expect(times.slice(1)).toEqual(['12:30', '13:30', '14:30'].map((clock) => `2026-11-23T${clock}:00.000Z`));
    expect(await idsOf(id)).toContain(asked);
  });

  it('moves its runs with it to another pool', async () => {
    const id = await deploy([{ schedule: nine }]);

    await patch(id, { work_pool_name: 'push' });
    const pushed = await runsOf(id);
    await patch(id, { work_pool_name: null });
    const unplaced = await runsOf(id);

    expect(pushed.map((run: { work_pool_name: string }) => run.work_pool_name)).toEqual(['push', 'push', 'push']);
    expect(unplaced.map((run: { work_pool_name: null }) => run.work_pool_name)).toEqual([null, null, null]);
  });
});

describe('a schedule that is paused or removed', () => {
  it('takes its runs with it, and they come back when it goes on', async () => {
    const id = await deploy([{ schedule: nine }]);
    const before = await idsOf(id);

    await api.call('POST', `/api/deployments/${id}/pause_deployment`);
    const paused = await idsOf(id);
    await api.call('POST', `/api/deployments/${id}/resume_deployment`);
    const resumed = await idsOf(id);

    expect(paused).toEqual([]);
    expect(resumed).toEqual(before);
  });

  it('goes by itself, whatever the other schedules have', async () => {
    const id = await deploy([{ schedule: nine }, { schedule: hourly }]);
    const schedules = (await api.call('GET', `/api/deployments/${id}/schedules`)).body;
    const [ofHours] = schedules.filter((one: { schedule: { interval?: number } }) => one.schedule.interval === 3600);

    await api.call('PATCH', `/api/deployments/${id}/schedules/${ofHours.id}`, { body: { active: false } });
    const inactive = await timesOf(id);
    await api.call('PATCH', `/api/deployments/${id}/schedules/${ofHours.id}`, { body: { active: true } });
    const active = await timesOf(id);

    expect(inactive).toHaveLength(3);
    expect(active).toHaveLength(6);
  });

  it('takes runs that are late already with it, but none that somebody has taken up', async () => {
    const id = await deploy([{ schedule: nine }]);
    const [first, second] = await idsOf(id);
    api.clock.now = Date.parse('2026-11-25T10:00:00Z');
    await made.propose(first, { type: 'PENDING' });
    await made.propose(second, { type: 'SCHEDULED', name: 'Late' });
    const [schedule] = (await api.call('GET', `/api/deployments/${id}/schedules`)).body;

    await api.call('DELETE', `/api/deployments/${id}/schedules/${schedule.id}`);
    const left = await idsOf(id);
    api.clock.now = start;

    expect(left).toEqual([first]);
  });

  it('leaves nothing when the deployment is deleted', async () => {
    const id = await deploy([{ schedule: nine }], { work_pool_name: null });
    await made.trigger({}, id);

    await api.call('DELETE', `/api/deployments/${id}`);

    const body = { flow_runs: { deployment_id: { any_: [id] } } };
    expect((await api.call('POST', '/api/flow_runs/filter', { body })).body).toEqual([]);
  });
});

describe('runs that are asked for by the schedule', () => {
  it('are recorded in the span that is given, the past included, once', async () => {
    const id = await deploy([{ schedule: nine }]);
    const body = { start_time: '2026-11-20T00:00:00Z', end_time: '2026-11-22T00:00:00Z', min_runs: 10 };

    const first = await api.call('POST', `/api/deployments/${id}/schedule`, { body });
    await api.call('POST', `/api/deployments/${id}/schedule`, { body });
    const times = await timesOf(id);

    expect(first).toMatchObject({ status: 200, body: null });
    expect(times.slice(0, 2)).toEqual(['2026-11-20T09:00:00.000Z', '2026-11-21T09:00:00.000Z']);
    expect(times).toHaveLength(5);
  });

  it('stay as long as their schedule does', async () => {
    const id = await deploy([{ schedule: nine }]);
    await api.call('POST', `/api/deployments/${id}/schedule`, { body: { start_time: '2026-12-24T00:00:00Z' } });
    const asked = await timesOf(id);

    await patch(id, { description: 'the same' });
    const same = await timesOf(id);
    await patch(id, { schedules: [] });

    expect(asked).toHaveLength(6);
    expect(same).toEqual(asked);
    expect(await timesOf(id)).toEqual([]);
  });

  it('are none for a deployment that is not there', async () => {
    const answer = await api.call('POST', `/api/deployments/${nobody}/schedule`, { body: {} });

    expect(answer).toMatchObject({ status: 200, body: null });
  });
});

describe('schedules that no clock knows', () => {
  it.each([
    [{ cron: 'nope' }],
    [{ cron: '61 * * * *' }],
    [{ cron: '0 0 * * *', timezone: 'Mars/Olympus' }],
    [{ rrule: 'FREQ=SOMETIMES' }],
    [{ rrule: 'FREQ=DAILY;COLOUR=RED' }],
    [{ interval: 0 }],
    [{ interval: -5 }],
  ])('are refused: %j', async (schedule) => {
    const answer = await api.call('POST', `/api/deployments/${nobody}/schedules`, { body: [{ schedule }] });

    expect(answer.status).toBe(422);
  });

  it('get a start of their own when they are rules without one', async () => {
    const id = await deploy([{ schedule: { rrule: 'FREQ=MINUTELY;INTERVAL=7', timezone: 'UTC' } }]);

    const [schedule] = (await api.call('GET', `/api/deployments/${id}/schedules`)).body;

    expect(schedule.schedule.rrule).toBe('DTSTART:20261123T115700\nFREQ=MINUTELY;INTERVAL=7');
  });
});
