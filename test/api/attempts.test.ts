// Launches over the api: settings that are refused when they are saved, and what is told of a run's attempts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/domain/json.ts';
import type { Attempt } from '../../shared/domain/run/attempt.ts';
import { objectOf } from '../../shared/domain/template/json-value.ts';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';
import { anAttempt, exitedTask, second, start } from '../support/run-builders.ts';
import { type ApiUnderTest, nobody, startApi } from './api-under-test.ts';
import { type Prepared, prepare } from './prepared.ts';

let api: ApiUnderTest;
let calls: Prepared;
beforeAll(async () => {
  api = await startApi();
  calls = await prepare(api);
  await api.call('POST', '/api/work_pools/', { body: { name: 'push', type: 'ecs:push' } });
});
afterAll(() => api.close());

const pool = (name: string, template: JsonObject) =>
  api.call('POST', '/api/work_pools/', { body: { name, type: 'ecs:push', base_job_template: template } });
const deployment = (name: string, jobVariables: object) =>
  api.call('POST', '/api/deployments/', {
    body: { name, flow_id: calls.flowId, work_pool_name: 'push', job_variables: jobVariables },
  });

function withDefault(name: string, value: JsonObject[string]): JsonObject {
  const variables = objectOf(ecsPushTemplate, 'variables');
  const properties = objectOf(variables, 'properties');
  const changed = { ...objectOf(properties, name), default: value };
  return { ...ecsPushTemplate, variables: { ...variables, properties: { ...properties, [name]: changed } } };
}

describe('launch settings', () => {
  it.each([
    ['start_deadline_seconds', 10, 'must be >= 30 or must be null, got 10'],
    ['capacity_fallback', 'on-demand', 'needs the launch type FARGATE_SPOT'],
    ['size_alternatives', [{ cpu: 256, memory: 4096 }], 'fargate has no size of cpu 256 with memory 4096'],
    ['infrastructure_rules', [{}], 'must name stop_code, reason or exit_code'],
  ] as const)(
    'that cannot be meant are refused where a pool or a deployment is saved: %s',
    async (name, value, said) => {
      const ofPool = await pool(`bad-${name}`, withDefault(name, value));
      const ofDeployment = await deployment(`bad-${name}`, { [name]: value });

      expect(ofPool.status).toBe(422);
      expect(JSON.stringify(ofPool.body)).toContain(said);
      expect(ofDeployment.status).toBe(422);
      expect(JSON.stringify(ofDeployment.body)).toContain(said);
      expect((await api.call('GET', `/api/work_pools/bad-${name}`)).status).toBe(404);
    },
  );

  it('that can be meant are kept as they were sent', async () => {
    const settings = {
      start_deadline_seconds: 300,
      maximum_duration_seconds: 3600,
      infrastructure_retries: 1,
      infrastructure_rules: [{ exit_code: 137 }],
      launch_type: 'FARGATE_SPOT',
      capacity_fallback: 'on-demand',
      subnet_rotation: 'always',
      size_alternatives: [{ cpu: 512, memory: 1024 }],
    };

    const kept = await deployment('good', settings);

    expect(kept.status).toBe(201);
    expect(kept.body.job_variables).toEqual(settings);
    expect((await pool('good', withDefault('maximum_duration_seconds', 3600))).status).toBe(201);
  });
});

describe('the attempts of a flow run', () => {
  const request = {
    launchType: 'FARGATE',
    overrides: { cpu: '512', memory: '1024' },
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-a'] } },
  };
  const noRoom = 'Capacity is unavailable at this time.';
  const pastTry = {
    number: 3,
    asked: { capacity: 'FARGATE_SPOT', cpu: 512, memory: 1024, subnets: ['subnet-a', 'subnet-b'] },
    sentAt: start,
    sends: 1,
    endedAt: start + second,
    class: 'capacity',
    code: noRoom,
    reason: noRoom,
  } as const;

  async function runWith(...attempts: Attempt[]): Promise<string> {
    const { id } = (await calls.trigger({})).body;
    const run = await api.deps.runs.read(id);
    if (run === undefined) throw new Error('no run');
    let head = run;
    for (const attempt of attempts) {
      const after = { ...head, attempt: attempt.number, isAttemptOpen: true };
      await api.deps.runs.openAttempt(head, after, { attempt: { ...attempt, runId: id } });
      head = { ...after, version: head.version + 1 };
    }
    return id;
  }
  const read = (id: string) => api.call('GET', `/api/slipway/flow_runs/${id}/attempts`);

  it('say what each try asked for and why it ended', async () => {
    const lost = anAttempt({
      request,
      pastTries: [pastTry],
      currentTry: { number: 4, clientToken: 't', firstSentAt: start + 2 * second, lastSentAt: start, sends: 1 },
      taskArn: 'arn:task',
      task: exitedTask(143, {
        stopCode: 'SpotInterruption',
        stoppedReason: 'Your Spot Task was interrupted.',
        startedAt: start + 3 * second,
        stoppedAt: start + 4 * second,
      }),
      closed: { at: start + 5 * second, end: 'stopped', reason: 'Your Spot Task was interrupted.' },
    });
    const waiting = anAttempt({
      number: 2,
      request: { launchType: 'EC2' },
      definedSize: { cpu: '256', memory: '512' },
      currentTry: { number: 1, clientToken: 't', sends: 0 },
    });

    const answer = await read(await runWith(lost, waiting));

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual([
      {
        number: 1,
        opened_at: '2026-01-05T08:00:00.000Z',
        closed_at: '2026-01-05T08:00:05.000Z',
        end: 'stopped',
        reason: 'Your Spot Task was interrupted.',
        reports: 'engine',
        cluster: 'cluster',
        task_definition: 'family',
        task_arn: 'arn:task',
        start_deadline: '2026-01-05T08:15:00.000Z',
        maximum_duration_seconds: 3600,
        stop_cause: null,
        last_status: 'STOPPED',
        stop_code: 'SpotInterruption',
        stopped_reason: 'Your Spot Task was interrupted.',
        exit_code: 143,
        started_at: '2026-01-05T08:00:03.000Z',
        stopped_at: '2026-01-05T08:00:04.000Z',
        forgotten_tries: 2,
        tries: [
          {
            number: 3,
            capacity: 'FARGATE_SPOT',
            cpu: 512,
            memory: 1024,
            subnets: ['subnet-a', 'subnet-b'],
            sent_at: '2026-01-05T08:00:00.000Z',
            sends: 1,
            ended_at: '2026-01-05T08:00:01.000Z',
            outcome: 'capacity',
            code: noRoom,
            reason: noRoom,
          },
          expect.objectContaining({ number: 4, capacity: 'FARGATE', subnets: ['subnet-a'], outcome: 'launched' }),
        ],
      },
      expect.objectContaining({
        number: 2,
        closed_at: null,
        end: null,
        task_arn: null,
        tries: [expect.objectContaining({ number: 1, capacity: 'EC2', cpu: 256, memory: 512, outcome: 'waiting' })],
      }),
    ]);
  });

  it('are told apart by whether their request was sent', async () => {
    const sent = anAttempt({ request });
    const given = anAttempt({
      request,
      pastTries: [{ ...pastTry, number: 1 }],
      currentTry: { number: 2, clientToken: 't', sends: 0 },
      closed: { at: start, end: 'never-launched' },
    });

    const outcomes = async (attempt: Attempt) =>
      (await read(await runWith(attempt))).body[0].tries.map((one: { outcome: string }) => one.outcome);

    expect(await outcomes(sent)).toEqual(['sent']);
    expect(await outcomes(given)).toEqual(['capacity']);
  });

  it('are none of a run that was not claimed, and unknown of a run that is not there', async () => {
    expect((await read(await runWith())).body).toEqual([]);
    expect((await read(nobody)).status).toBe(404);
    expect((await read('no-id')).status).toBe(404);
  });
});
