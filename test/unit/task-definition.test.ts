// The task definition of a run: what its family depends on, what its author wrote, and definitions of the user's own.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldOf, listOf } from '../../shared/domain/template/json-value.ts';
import { followPath } from '../../shared/domain/template/placeholder.ts';
import {
  aRun,
  containerOf,
  defaults,
  launched,
  own,
  problemOf,
  requestAt,
  type TaskOf,
  templateWith,
} from '../support/task-input.ts';

describe('the family', () => {
  const family = (given: TaskOf) => launched(given).family;

  it('is the same for every run, attempt, environment and command', () => {
    const text = fc.string({ maxLength: 50 });
    fc.assert(
      fc.property(text, text, fc.nat(), fc.constantFrom('a b', 'echo', null), (id, name, attempt, command) => {
        const run = { ...aRun, runId: id, runName: name, attempt, flow: { id, name }, startedBy: id, clientToken: id };
        const jobVariables = { env: { X: name, Y: null }, command, labels: { run: id } };

        expect(family({ run, jobVariables })).toBe(family({}));
      }),
    );
  });

  it.each<[string, TaskOf]>([
    ['image', { jobVariables: { image: 'other' } }],
    ['cpu', { jobVariables: { cpu: 512 } }],
    ['memory', { jobVariables: { memory: 4096 } }],
    ['execution role', { defaults: { ...defaults, executionRoleArn: 'arn:other' } }],
    ['task role', { defaults: { ...defaults, taskRoleArn: 'arn:other' } }],
    ['secret', { defaults: { ...defaults, authSecretArn: 'arn:other' } }],
    ['log group', { defaults: { ...defaults, logGroup: 'other' } }],
    ['log options', { jobVariables: { cloudwatch_logs_options: { mode: 'non-blocking' } } }],
    ['capacity', { jobVariables: { launch_type: 'EC2' } }],
    ['container', { template: templateWith({ task_definition: { containerDefinitions: [{ user: 'nobody' }] } }) }],
  ])('is another for another %s', (_what, given) => {
    expect(family(given)).not.toBe(family({}));
  });

  it('does not depend on the order of keys', () => {
    const one = templateWith({ task_definition: { ipcMode: 'task', pidMode: 'task' } });
    const other = templateWith({ task_definition: { pidMode: 'task', ipcMode: 'task' } });

    expect(family({ template: one })).toBe(family({ template: other }));
  });
});

describe('a task definition of the user’s own', () => {
  it.each([
    ['arn:aws:ecs:eu-west-1:1:task-definition/own:7', 'own'],
    ['own:7', 'own'],
    ['own', 'own'],
  ])('%s is run as it is and never registered', (arn, family) => {
    const task = launched({ jobVariables: { task_definition_arn: arn, image: 'ignored' } });

    expect(task).toMatchObject({ definition: undefined, family, log: undefined });
    expect(task.request).toMatchObject({ taskDefinition: arn, launchType: 'FARGATE' });
    expect(requestAt(task, 'networkConfiguration.awsvpcConfiguration.subnets')).toEqual(defaults.subnets);
  });

  it('or none at all is a problem when the template has neither', () => {
    expect(problemOf({ template: templateWith({ task_definition: {} }) })).toBe(
      'the template has neither a task definition nor the ARN of one',
    );
  });
});

describe('what a template’s author wrote', () => {
  it('stays in the request', () => {
    const asked = {
      enableExecuteCommand: true,
      propagateTags: 'TASK_DEFINITION',
      platformVersion: '1.4.0',
      group: null,
      count: 5,
      startedBy: 'someone',
      tags: [{ key: 'cost', value: 'low' }],
      networkConfiguration: { awsvpcConfiguration: { subnets: ['own'] } },
      overrides: { ephemeralStorage: { sizeInGiB: 50 }, containerOverrides: [{}, { name: 'side', command: 'a b' }] },
    };

    const { request } = launched({ template: templateWith({ task_run_request: asked }) });

    expect(request).toMatchObject({
      enableExecuteCommand: true,
      propagateTags: 'TASK_DEFINITION',
      platformVersion: '1.4.0',
    });
    expect(request).toMatchObject({
      count: 1,
      startedBy: aRun.startedBy,
      networkConfiguration: asked.networkConfiguration,
    });
    expect(request).not.toHaveProperty('group');
    expect(listOf(request, 'tags')).toContainEqual({ key: 'cost', value: 'low' });
    expect(followPath(request, 'overrides.ephemeralStorage.sizeInGiB')).toBe(50);
    expect(followPath(request, 'overrides.containerOverrides[1]')).toEqual({ name: 'side', command: ['a', 'b'] });
  });

  it('stays in the task definition, sidecars included', () => {
    const side = { name: 'side', image: 'side:1', essential: false };
    const prefect = {
      name: 'prefect',
      stopTimeout: 30,
      linuxParameters: { capabilities: { drop: ['ALL'] } },
      environment: [
        { name: 'B', value: '' },
        { name: 'A', value: '1' },
        { name: 'GONE', value: 'x' },
      ],
      secrets: [
        { name: 'TOKEN', valueFrom: 'arn:token' },
        { name: 'PREFECT_API_AUTH_STRING', valueFrom: 'arn:forged' },
      ],
      logConfiguration: { logDriver: 'awsfirelens' },
    };
    const template = templateWith({ task_definition: { containerDefinitions: [side, prefect], volumes: [] } });

    const task = launched({ template, jobVariables: { env: { GONE: null } } });
    const containers = listOf(task.definition, 'containerDefinitions');

    expect(containers[0]).toEqual(side);
    expect(containers[1]).toMatchObject({
      essential: true,
      stopTimeout: 30,
      linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
      environment: [
        { name: 'A', value: '1' },
        { name: 'B', value: '' },
      ],
      secrets: [
        { name: 'PREFECT_API_AUTH_STRING', valueFrom: defaults.authSecretArn },
        { name: 'TOKEN', valueFrom: 'arn:token' },
      ],
      logConfiguration: { logDriver: 'awsfirelens' },
    });
    expect(task.log).toBeUndefined();
    expect(task.definition).not.toHaveProperty('volumes');
  });

  it('may leave the name of its first container to us', () => {
    const containerDefinitions = [{ image: 'm' }, { name: 'side', image: 's' }];

    const task = launched({ template: templateWith({ task_definition: { containerDefinitions } }) });

    expect(listOf(task.definition, 'containerDefinitions')).toMatchObject([
      { name: 'prefect', image: 'm' },
      { name: 'side' },
    ]);
  });

  it('has no secret where the API asks for none', () => {
    const { authSecretArn: _arn, ...open } = defaults;

    expect(fieldOf(containerOf(launched({ defaults: open })), 'secrets')).toBeUndefined();
  });

  it('decides which container executes the run', () => {
    const containerDefinitions = [
      { name: 'main', image: 'm' },
      { name: 'side', image: 's' },
    ];
    const template = templateWith({ task_definition: { containerDefinitions } });

    expect(launched({ template }).container).toBe('main');
    expect(launched({ template, jobVariables: { container_name: 'side' } }).container).toBe('side');
    expect(problemOf({ template, jobVariables: { container_name: 'other' } })).toBe(
      'the task definition has no container named other',
    );
  });

  it('that Fargate cannot do is a problem', () => {
    const template = templateWith({ task_definition: { networkMode: 'bridge', containerDefinitions: [{}] } });

    expect(problemOf({ template })).toBe('fargate needs the network mode awsvpc, the task definition says bridge');
  });

  it('as a list of words is a command of its own', () => {
    const containerOverrides = [{ command: ['echo', 'a b', '{{ name }}'] }];
    const template = templateWith({ task_run_request: { overrides: { containerOverrides } } });

    const task = launched({ template, jobVariables: { name: 'x y' } });

    expect(requestAt(task, `${own}.command`)).toEqual(['echo', 'a b', 'x y']);
    expect(task.reports).toBe('exit-code');
  });
});
