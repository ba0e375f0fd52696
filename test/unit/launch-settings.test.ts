// Launch settings as job variables: what is read, what is refused and in which words, and where a pool's default counts.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/domain/json.ts';
import { infrastructureRule, ruledAction } from '../../shared/domain/run/infrastructure-rules.ts';
import { capacityTypes, startDeadlineSeconds } from '../../shared/domain/task/capacity.ts';
import { checkEcsJobVariables } from '../../shared/domain/task/ecs-job-variables.ts';
import { launchSettingsOf, readLaunchSettings } from '../../shared/domain/task/launch-settings.ts';
import { checkJobVariables } from '../../shared/domain/template/job-variable-check.ts';
import { objectOf } from '../../shared/domain/template/json-value.ts';
import { ecsPushTemplate } from '../../shared/domain/work-pool/template-ecs-push.ts';

const all = {
  start_deadline_seconds: 300,
  maximum_duration_seconds: 3600,
  infrastructure_retries: 5,
  infrastructure_rules: [{ exit_code: 137 }, { stop_code: 'TaskFailedToStart', reason: 'no space', action: 'end' }],
  capacity_fallback: 'on-demand',
  subnet_rotation: 'always',
  size_alternatives: [{ cpu: 512, memory: 1024 }],
};

/** Wrong values, and what is said about each. */
const wrong: readonly (readonly [JsonObject, string])[] = [
  [{ start_deadline_seconds: 5 }, 'must be a whole number from 30 to 86400, got 5'],
  [{ start_deadline_seconds: '300' }, 'must be a whole number from 30 to 86400, got text'],
  [{ start_deadline_seconds: 90.5 }, 'must be a whole number from 30 to 86400, got 90.5'],
  [{ maximum_duration_seconds: 0 }, 'must be a whole number from 1 to 2592000, got 0'],
  [{ infrastructure_retries: 11 }, 'must be a whole number from 0 to 10, got 11'],
  [{ infrastructure_retries: true }, 'must be a whole number from 0 to 10, got true'],
  [{ capacity_fallback: 'spot' }, 'must be one of on-demand, got "spot"'],
  [{ subnet_rotation: 7 }, 'must be one of never, after-failure, always, got 7'],
  [{ size_alternatives: 'small' }, 'must be a list of at most 5, got text'],
  [
    { size_alternatives: Array.from({ length: 6 }, () => ({ cpu: 256, memory: 512 })) },
    'must be a list of at most 5, got 6',
  ],
  [
    { size_alternatives: [{ cpu: '256', memory: 512 }] },
    'must have cpu (CPU units) and memory (MiB) as whole numbers above 0, got cpu text and memory 512',
  ],
  [{ size_alternatives: [256] }, 'must have cpu (CPU units) and memory (MiB) as whole numbers above 0, got 256'],
  [{ infrastructure_rules: [137] }, 'must be an object with stop_code, reason, exit_code, action, got a number'],
  [{ infrastructure_rules: [{}] }, 'must name stop_code, reason or exit_code, got none of them'],
  [{ infrastructure_rules: [{ code: 1 }] }, 'knows stop_code, reason, exit_code, action, got code'],
  [{ infrastructure_rules: [{ exit_code: 256 }] }, 'exit_code must be a whole number from 0 to 255'],
  [{ infrastructure_rules: [{ reason: '' }] }, 'reason must be text of 1 to 200 characters, got text'],
  [{ infrastructure_rules: [{ stop_code: 1 }] }, 'stop_code must be text, got a number'],
  [{ infrastructure_rules: [{ exit_code: 1, action: 'wait' }] }, 'action must be one of retry, end'],
];

describe('launch settings', () => {
  it('are read from job variables', () => {
    expect(readLaunchSettings(all)).toEqual({
      ok: true,
      settings: {
        startDeadlineSeconds: 300,
        maximumDurationSeconds: 3600,
        infrastructureRetries: 5,
        infrastructureRules: [
          { exitCode: 137, action: 'retry' },
          { stopCode: 'TaskFailedToStart', reason: 'no space', action: 'end' },
        ],
        capacityFallback: 'on-demand',
        subnetRotation: 'always',
        sizeAlternatives: [{ cpu: 512, memory: 1024 }],
      },
    });
  });

  it('are nobody’s where nothing or null is given', () => {
    const none = { ok: true, settings: { infrastructureRules: [], sizeAlternatives: [] } };

    expect(readLaunchSettings({})).toEqual(none);
    expect(readLaunchSettings(Object.fromEntries(Object.keys(all).map((name) => [name, null])))).toEqual(none);
  });

  it.each(wrong)('say what was seen and wanted: %j', (values, problem) => {
    const read = readLaunchSettings(values);

    expect(read.ok ? [] : read.problems.map((found) => found.problem)).toEqual([problem]);
  });

  it('come from the pool’s defaults, and the deployment’s own go before them', () => {
    const template = {
      variables: { properties: { start_deadline_seconds: { default: 600 }, infrastructure_retries: { default: 1 } } },
    };

    expect(launchSettingsOf(template, { infrastructure_retries: 2 })).toMatchObject({
      settings: { startDeadlineSeconds: 600, infrastructureRetries: 2 },
    });
  });

  it('have a start deadline for every type of capacity, below the 30 minutes after which ECS itself gives up', () => {
    expect(Object.keys(startDeadlineSeconds)).toEqual([...capacityTypes]);
    for (const type of capacityTypes) expect(startDeadlineSeconds[type]).toBeLessThan(1800);
  });
});

describe('launch settings at save time', () => {
  it('are variables of the ecs:push template, all of them', () => {
    const properties = objectOf(objectOf(ecsPushTemplate, 'variables'), 'properties');

    expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(all)));
  });

  it('fit the template’s schema when they are right, and do not when they are wrong', () => {
    const check = (jobVariables: JsonObject) =>
      checkJobVariables({ template: ecsPushTemplate, jobVariables, required: false, defaults: 'checked' });

    expect(check(all)).toEqual([]);
    for (const [values] of wrong.slice(0, 9)) expect(check(values)).not.toEqual([]);
  });

  it.each(wrong)('are refused by a template that does not declare them: %j', (values, problem) => {
    const template = { job_configuration: { task_definition: {} }, variables: { properties: {} } };

    expect(checkEcsJobVariables(template, values).map((found) => found.problem)).toEqual([problem]);
  });

  it.each([
    [{ capacity_fallback: 'on-demand' }, 'capacity_fallback', /needs the launch type FARGATE_SPOT .*, got FARGATE$/],
    [
      {
        size_alternatives: [
          { cpu: 256, memory: 512 },
          { cpu: 256, memory: 4096 },
        ],
      },
      'size_alternatives.1',
      /fargate has no size of cpu 256 with memory 4096: nearest are/,
    ],
  ])('must go together with the capacity: %j', (values, variable, problem) => {
    expect(checkEcsJobVariables(ecsPushTemplate, values)).toEqual([
      { variable, problem: expect.stringMatching(problem) },
    ]);
  });

  it.each([
    { launch_type: 'FARGATE_SPOT', capacity_fallback: 'on-demand' },
    { launch_type: 'EC2', size_alternatives: [{ cpu: 300, memory: 700 }] },
  ])('are taken where they do: %j', (values) => {
    expect(checkEcsJobVariables(ecsPushTemplate, values)).toEqual([]);
  });
});

describe('a rule about infrastructure', () => {
  const rules = (...written: JsonObject[]) =>
    written.flatMap((one) => {
      const read = infrastructureRule(one);
      return read.ok ? [read.rule] : [];
    });
  const end = { stopCode: 'TaskFailedToStart', reason: 'CannotPullContainerError: i/o timeout', exitCode: 137 };

  it.each([
    [{ exit_code: 137 }, 'retry'],
    [{ exit_code: 1 }, undefined],
    [{ stop_code: 'TaskFailedToStart' }, 'retry'],
    [{ stop_code: 'taskfailedtostart' }, undefined],
    [{ reason: 'cannotpullcontainererror' }, 'retry'],
    [{ reason: 'Cannot*timeout' }, 'retry'],
    [{ reason: 'timeout*Cannot' }, undefined],
    [{ reason: 'pull', exit_code: 1 }, undefined],
    [{ reason: 'pull', exit_code: 137, action: 'end' }, 'end'],
  ])('%j says %s', (rule, action) => {
    expect(ruledAction(rules(rule), end)).toBe(action);
  });

  it('that comes first counts', () => {
    expect(ruledAction(rules({ exit_code: 137, action: 'end' }, { exit_code: 137 }), end)).toBe('end');
  });
});
