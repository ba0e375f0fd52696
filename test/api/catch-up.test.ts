// What hybrid workers and served flows are shown of a schedule's overdue runs, by the setting of the deployment.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, start, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let made: Prepared;
beforeAll(async () => {
  api = await startApi();
  made = await prepare(api);
});
afterAll(() => api.close());

const hour = 3_600_000;
const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
const tens = { schedule: { interval: 600, anchor_date: iso(start), timezone: 'UTC' }, slug: 'tens' };

let count = 0;
async function deploy(extra: object): Promise<string> {
  count += 1;
  const body = { name: `overdue ${count}`, flow_id: made.flowId, schedules: [tens], ...extra };
  return (await api.call('POST', '/api/deployments/', { body })).body.id;
}

/** Seconds past the start at which the runs are due that a poll shows an hour and a minute later. */
async function shownLater(path: string, body: object): Promise<readonly number[]> {
  api.clock.now = start + hour + 60_000;
  const polled = (await api.call('POST', path, { body })).body;
  api.clock.now = start;
  return polled.map((shown: { flow_run?: { expected_start_time: string }; expected_start_time: string }) => {
    return (Date.parse((shown.flow_run ?? shown).expected_start_time) - start) / 1000;
  });
}

const ofDeployment = (id: string) =>
  shownLater('/api/deployments/get_scheduled_flow_runs', {
    deployment_ids: [id],
    scheduled_before: iso(start + hour + 60_000),
  });

async function cancelledOf(id: string): Promise<number> {
  const body = { deployments: { id: { any_: [id] } }, flow_runs: { state: { name: { any_: ['Cancelled'] } } } };
  return (await api.call('POST', '/api/flow_runs/count', { body })).body;
}

const every = [600, 1200, 1800, 2400, 3000, 3600];

describe('the overdue runs of a schedule', () => {
  it.each([
    [{}, [0, ...every], 0],
    [{ catch_up: 'last' }, [3600], 6],
    [{ catch_up: 'none' }, [3600], 6],
    [{ catch_up: 'none', catch_up_grace_seconds: 30 }, [], 7],
    [{ catch_up: 'none', catch_up_of_schedules: { tens: 'last' } }, [3600], 6],
  ])('are shown to a served flow by %j', async (jobVariables, shown, cancelled) => {
    const id = await deploy({ job_variables: jobVariables });

    expect(await ofDeployment(id)).toEqual(shown);
    expect(await cancelledOf(id)).toBe(cancelled);
  });

  it('are shown to a worker in the same way, and by the default of its pool', async () => {
    const variables = { type: 'object', properties: { catch_up: { type: 'string', default: 'last' } } };
    const pool = {
      name: 'overdue',
      type: 'process',
      base_job_template: { job_configuration: { command: 'true' }, variables },
    };
    await api.call('POST', '/api/work_pools/', { body: pool });
    const id = await deploy({ work_pool_name: 'overdue' });
    for (const hint of api.hints.submitted) if (hint.kind === 'work') await api.lanes.touch(hint.lane, hint.dueAt);

    const before = { scheduled_before: iso(start + hour + 60_000) };
    expect(await shownLater('/api/work_pools/overdue/get_scheduled_flow_runs', before)).toEqual([3600]);
    expect(await cancelledOf(id)).toBe(6);
  });

  it.each([{ catch_up: 'sometimes' }, { catch_up_of_schedules: { tens: 'never' } }, { catch_up_grace_seconds: 0 }])(
    'cannot be wanted otherwise in a push pool: %j',
    async (jobVariables) => {
      const body = { name: 'otherwise', flow_id: made.flowId, work_pool_name: 'push', job_variables: jobVariables };

      expect((await api.call('POST', '/api/deployments/', { body })).status).toBe(422);
    },
  );

  it('change nothing of what Prefect is answered of the schedule', async () => {
    const id = await deploy({ job_variables: { catch_up: 'last' } });

    const [schedule] = (await api.call('GET', `/api/deployments/${id}/schedules`)).body;

    expect(Object.keys(schedule).toSorted()).toEqual([
      'active',
      'created',
      'deployment_id',
      'id',
      'max_scheduled_runs',
      'parameters',
      'schedule',
      'slug',
      'updated',
    ]);
  });
});
