// The RunTask request of a run: the golden one, what each job variable changes, and how long it may be.
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import { followPath } from '../../shared/domain/template/placeholder.ts';
import {
  aRun,
  defaults,
  environmentOf,
  launched,
  own,
  problemOf,
  requestAt,
  templateWith,
} from '../support/task-input.ts';

describe('a run without job variables', () => {
  it('becomes this request', () => {
    const { request, family } = launched();

    expect(request).toEqual({
      cluster: 'arn:aws:ecs:eu-west-1:123456789012:cluster/slipway',
      taskDefinition: family,
      count: 1,
      startedBy: 'slipway/11111111/1',
      clientToken: 'token-1',
      launchType: 'FARGATE',
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: ['subnet-a', 'subnet-b'],
          securityGroups: ['sg-1'],
          assignPublicIp: 'ENABLED',
        },
      },
      overrides: {
        containerOverrides: [
          {
            name: 'prefect',
            command: ['prefect', 'flow-run', 'execute'],
            environment: [
              { name: 'PREFECT_API_URL', value: 'https://slipway.example/api' },
              { name: 'PREFECT__FLOW_RUN_ID', value: '11111111-1111-4111-8111-111111111111' },
              { name: 'PREFECT__FLOW_ID', value: '22222222-2222-4222-8222-222222222222' },
              { name: 'PREFECT__FLOW_NAME', value: 'my flow' },
              { name: 'PREFECT__DEPLOYMENT_ID', value: '33333333-3333-4333-8333-333333333333' },
              { name: 'PREFECT__DEPLOYMENT_NAME', value: 'nightly' },
              { name: 'PREFECT_FLOWS_HEARTBEAT_FREQUENCY', value: '60' },
              { name: 'PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR', value: 'relinquish' },
              {
                name: 'PREFECT_CLIENT_CUSTOM_HEADERS',
                value: '{"X-Slipway-Run":"11111111-1111-4111-8111-111111111111","X-Slipway-Attempt":"1"}',
              },
            ],
          },
        ],
      },
      tags: [
        { key: 'prefect.io/flow-run-id', value: '11111111-1111-4111-8111-111111111111' },
        { key: 'prefect.io/flow-run-name', value: 'brave-otter' },
        { key: 'prefect.io/flow-id', value: '22222222-2222-4222-8222-222222222222' },
        { key: 'prefect.io/flow-name', value: 'my-flow' },
        { key: 'prefect.io/deployment-id', value: '33333333-3333-4333-8333-333333333333' },
        { key: 'prefect.io/deployment-name', value: 'nightly' },
        { key: 'prefect.io/work-pool-name', value: 'production' },
      ],
    });
  });

  it('becomes this task definition', () => {
    const { definition, family, log } = launched();

    expect(definition).toEqual({
      family,
      cpu: '1024',
      memory: '2048',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
      taskRoleArn: 'arn:aws:iam::123456789012:role/task',
      containerDefinitions: [
        {
          name: 'prefect',
          image: 'prefecthq/prefect:3-latest',
          essential: true,
          stopTimeout: 120,
          linuxParameters: { initProcessEnabled: true },
          logConfiguration: {
            logDriver: 'awslogs',
            options: {
              'awslogs-group': '/slipway/tasks',
              'awslogs-region': 'eu-west-1',
              'awslogs-stream-prefix': 'slipway',
            },
          },
          secrets: [{ name: 'PREFECT_API_AUTH_STRING', valueFrom: defaults.authSecretArn }],
        },
      ],
    });
    expect(log).toEqual({ group: '/slipway/tasks', streamPrefix: 'slipway', container: 'prefect' });
  });

  it('has the rest of its answer', () => {
    const task = launched();

    expect(task).toMatchObject({ container: 'prefect', cluster: defaults.clusterArn, reports: 'engine', warnings: [] });
    expect(task.family).toMatch(/^slipway-[0-9a-f]{32}$/);
  });
});

describe('job variables', () => {
  it.each<[JsonObject, string, Json | undefined]>([
    [{ command: 'node hello.mjs' }, `${own}.command`, ['node', 'hello.mjs']],
    [{ cpu: 512, memory: 1024 }, `${own}.cpu`, 512],
    [{ cpu: 512, memory: 1024 }, 'overrides.memory', '1024'],
    [{ cpu: null, memory: null }, 'overrides.cpu', undefined],
    [{ cluster: 'other' }, 'cluster', 'other'],
    [{ task_role_arn: 'arn:role' }, 'overrides.taskRoleArn', 'arn:role'],
    [{ container_name: null }, `${own}.name`, 'prefect'],
    [{ container_name: 'main' }, `${own}.name`, 'main'],
    [{ launch_type: 'FARGATE_SPOT' }, 'launchType', undefined],
    [{ launch_type: 'FARGATE_SPOT' }, 'capacityProviderStrategy', [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }]],
    [{ launch_type: 'EC2' }, 'launchType', 'EC2'],
    [{ launch_type: 'EC2' }, 'networkConfiguration', undefined],
    [{ launch_type: null }, 'launchType', 'FARGATE'],
    [{ capacity_provider_strategy: [{ capacityProvider: 'p' }] }, 'launchType', undefined],
    [{ capacity_provider_strategy: [{ capacityProvider: 'p' }] }, 'capacityProviderStrategy[0].capacityProvider', 'p'],
    [{ capacity_provider_strategy: [] }, 'launchType', 'FARGATE'],
    [{ network_configuration: { subnets: ['s'] } }, 'networkConfiguration.awsvpcConfiguration', { subnets: ['s'] }],
    [
      { network_configuration: { securityGroups: ['g'] } },
      'networkConfiguration.awsvpcConfiguration.subnets[0]',
      'subnet-a',
    ],
    [
      { network_configuration: { securityGroups: ['g'] } },
      'networkConfiguration.awsvpcConfiguration.securityGroups',
      ['g'],
    ],
    [
      { 'network_configuration.awsvpcConfiguration.subnets': ['s'] },
      'networkConfiguration',
      { awsvpcConfiguration: { subnets: ['s'] } },
    ],
    [{ task_definition_arn: 'own:3' }, 'taskDefinition', 'own:3'],
    [{ labels: { team: 'a b' } }, 'tags[7]', { key: 'team', value: 'a-b' }],
    [{ labels: { 'prefect.io/flow-name': 'mine' } }, 'tags[3].value', 'mine'],
  ])('%j put into the request at %s: %j', (jobVariables, path, expected) => {
    expect(requestAt(launched({ jobVariables }), path)).toEqual(expected);
  });

  it.each<[JsonObject, string, Json | undefined]>([
    [{ image: 'own:1' }, 'containerDefinitions[0].image', 'own:1'],
    [{ cpu: 512, memory: 1024 }, 'cpu', '512'],
    [{ execution_role_arn: 'arn:execution' }, 'executionRoleArn', 'arn:execution'],
    [{ launch_type: 'EC2', memory: 4096 }, 'containerDefinitions[0].memory', 4096],
    [{ launch_type: 'EC2' }, 'containerDefinitions[0].cpu', 1024],
    [{ launch_type: 'EC2' }, 'networkMode', undefined],
    [{ launch_type: 'EC2', cpu: 333 }, 'cpu', '333'],
    [{ cloudwatch_logs_prefix: 'p' }, 'containerDefinitions[0].logConfiguration.options.awslogs-stream-prefix', 'p'],
    [
      { cloudwatch_logs_options: { 'awslogs-group': 'own' } },
      'containerDefinitions[0].logConfiguration.options.awslogs-group',
      'own',
    ],
    [
      { prefect_api_key_secret_arn: 'arn:key' },
      'containerDefinitions[0].secrets',
      [
        { name: 'PREFECT_API_AUTH_STRING', valueFrom: defaults.authSecretArn ?? '' },
        { name: 'PREFECT_API_KEY', valueFrom: 'arn:key' },
      ],
    ],
  ])('%j put into the task definition at %s: %j', (jobVariables, path, expected) => {
    const { definition } = launched({ jobVariables });

    expect(followPath(definition ?? null, path)).toEqual(expected);
  });

  it('image, command and env are enough for a container that knows nothing of Prefect', () => {
    const task = launched({ jobVariables: { image: 'alpine', command: 'sh -c "exit 3"', env: { MODE: 'full' } } });

    expect(task.reports).toBe('exit-code');
    expect(requestAt(task, `${own}.command`)).toEqual(['sh', '-c', 'exit 3']);
    expect(environmentOf(task)).toMatchObject({ MODE: 'full', PREFECT__FLOW_RUN_ID: aRun.runId });
  });

  it.each<[JsonObject, string]>([
    [{ aws_credentials: { region_name: 'x' } }, 'aws_credentials are ignored'],
    [{ aws_credentials: { $ref: { block_document_id: 'unknown-here' } } }, 'aws_credentials are ignored'],
    [{ vpc_id: 'vpc-1' }, 'vpc_id is ignored'],
    [{ family: 'own' }, 'family is ignored'],
    [{ auto_deregister_task_definition: true }, 'auto_deregister_task_definition is ignored'],
    [{ prefect_api_auth_string_secret_arn: 'arn:x' }, 'prefect_api_auth_string_secret_arn is ignored'],
    [{ launch_type: 'EC2', network_configuration: { subnets: ['s'] } }, 'network_configuration is ignored'],
    [{ task_definition_arn: 'own' }, 'it must itself give PREFECT_API_AUTH_STRING as a secret'],
    [{ env: { PREFECT_API_AUTH_STRING: 'a:b' } }, 'PREFECT_API_AUTH_STRING is set by the stack as a secret'],
    [{ env: { PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR: 'reschedule' } }, 'use relinquish'],
    [{ labels: { 'aws:x': 'y' } }, 'the label aws:x cannot be a tag'],
  ])('%j are launched with one warning', (jobVariables, warning) => {
    expect(launched({ jobVariables }).warnings).toEqual([expect.stringContaining(warning)]);
  });

  it.each<[JsonObject, string]>([
    [{ cpu: 1024, memory: 1000 }, 'fargate has no size of cpu 1024 with memory 1000'],
    [{ command: 'sh -c "unended' }, 'the command has a quotation that does not end'],
    [{ reports: 'maybe' }, 'reports must be engine or exit-code, got "maybe"'],
    [{ launch_type: 'EC2', cpu: 'x' }, 'cpu must be CPU units such as 1024 or "1 vCPU", got "x"'],
    [{ env: { PREFECT_CLIENT_CUSTOM_HEADERS: '{a' } }, 'must be a JSON object of header names and texts, got "{a"'],
    [{ env: { PREFECT_CLIENT_CUSTOM_HEADERS: '{"a": 1}' } }, 'must be a JSON object of header names and texts'],
  ])('%j are refused', (jobVariables, problem) => {
    expect(problemOf({ jobVariables })).toContain(problem);
  });
});

describe('overrides', () => {
  it('over 8,192 characters are refused, naming their length and the largest entries', () => {
    const env = { BIG: 'x'.repeat(7000), MIDDLE: 'y'.repeat(600), SMALL: 'z' };

    const problem = problemOf({ jobVariables: { env } });

    expect(problem).toMatch(/^the overrides of the task are \d{4} characters long, ecs takes 8192 at most: /);
    expect(problem).toMatch(
      /: the largest environment entries are BIG \(7025\), MIDDLE \(628\), PREFECT_CLIENT_CUSTOM_HEADERS \(\d+\)$/,
    );
  });

  it('of exactly 8,192 characters are sent', () => {
    const lengthWith = (size: number) =>
      JSON.stringify(launched({ jobVariables: { env: { BIG: 'x'.repeat(size) } } }).request['overrides']).length;
    const room = 8192 - lengthWith(0);

    expect(lengthWith(room)).toBe(8192);
    expect(problemOf({ jobVariables: { env: { BIG: 'x'.repeat(room + 1) } } })).toContain('are 8193 characters long');
  });
});

describe('container overrides that a template brings', () => {
  const withOverrides = (...containerOverrides: readonly JsonObject[]) =>
    templateWith({ task_run_request: { overrides: { containerOverrides } } });

  it('are put into the form that ECS takes', () => {
    const side = { name: 'side', cpu: '256', command: 'a "b c"', environment: { A: 1, B: null, C: '' } };

    const task = launched({ template: withOverrides({ name: 'prefect' }, side, { name: 'bare', environment: [] }) });

    expect(requestAt(task, 'overrides.containerOverrides[1]')).toEqual({
      name: 'side',
      cpu: 256,
      command: ['a', 'b c'],
      environment: [
        { name: 'A', value: '1' },
        { name: 'C', value: '' },
      ],
    });
    expect(requestAt(task, 'overrides.containerOverrides[2]')).toEqual({ name: 'bare' });
  });

  it.each<[JsonObject, string]>([
    [{ cpu: [1] }, 'cpu of a container override must be a whole number, got a list'],
    [{ memory: 1.5 }, 'memory of a container override must be a whole number, got 1.5'],
    [{ memory: '2 GB' }, 'memory of a container override must be a whole number, got "2 GB"'],
    [{ command: { a: 1 } }, 'the command must be text or a list of texts, got an object'],
    [{ command: ['a', 1] }, 'the command must be text or a list of texts, got a list'],
    [{ command: '"' }, 'the command has a quotation that does not end: "'],
  ])('%j are refused, for the run and for a sidecar', (override, problem) => {
    expect(problemOf({ template: withOverrides(override) })).toBe(problem);
    expect(problemOf({ template: withOverrides({}, { name: 'side', ...override }) })).toBe(problem);
  });

  it('need not name the container of the run', () => {
    const task = launched({ template: withOverrides({}, { name: 'side', command: 'x' }) });

    expect(requestAt(task, `${own}.name`)).toBe('prefect');
  });
});

describe('a request', () => {
  it('has no client token when none is given: the sender adds the one of its try', () => {
    const { clientToken: _token, ...run } = aRun;

    expect(launched({ run }).request).not.toHaveProperty('clientToken');
  });

  it('leaves the launch type to the cluster for a definition that requires EC2', () => {
    const task_definition = { requiresCompatibilities: ['EC2'], containerDefinitions: [{}] };

    const task = launched({ template: templateWith({ task_definition }), jobVariables: { launch_type: null } });

    expect(task.request).not.toHaveProperty('launchType');
    expect(task.request).not.toHaveProperty('capacityProviderStrategy');
  });
});
