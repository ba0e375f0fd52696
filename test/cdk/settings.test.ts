// The settings of a deployment: what each changes, and that a value nobody can have meant stops the synthesis.
import { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSettings } from '../../cdk/settings.ts';
import { buildTemplates, resourcesOf, roleStatements } from './templates.ts';

const read = (context: Record<string, unknown>) => readSettings(new App({ context }).node);

describe('readSettings', () => {
  it('has a value for each setting that nobody gave', () => {
    expect(read({})).toMatchObject({
      launchRate: 20,
      launchBurst: 100,
      apiRate: 40,
      apiBurst: 100,
      stopShare: 0.25,
      clusterArns: [],
      taskDefinitionArns: [],
      passRoleArns: [],
      eventDays: 7,
      busTaskRuns: false,
      removalPolicy: 'retain',
    });
  });

  it('reads lists from the command line and from cdk.json alike', () => {
    const arns = ['arn:aws:iam::123456789012:role/etl', 'arn:aws:iam::123456789012:role/ml'];

    expect(read({ 'slipway:passRoleArns': arns.join(',') }).passRoleArns).toEqual(arns);
    expect(read({ 'slipway:passRoleArns': arns }).passRoleArns).toEqual(arns);
  });

  it.each([true, 'true'])('takes %j for yes, from the command line and from cdk.json', (value) => {
    expect(read({ 'slipway:busTaskRuns': value }).busTaskRuns).toBe(true);
  });

  it.each([
    ['slipway:launchRate', 'fast', 'setting slipway:launchRate must be a number above 0, got "fast"'],
    ['slipway:launchBurst', '0', 'setting slipway:launchBurst must be a number above 0, got "0"'],
    ['slipway:launchRate', '', 'setting slipway:launchRate must be a number above 0, got ""'],
    ['slipway:stopShare', '1', 'setting slipway:stopShare must be a number between 0 and 1, got 1'],
    ['slipway:apiRate', '0', 'setting slipway:apiRate must be a number above 0, got "0"'],
    ['slipway:clusterArns', 'etl', 'setting slipway:clusterArns must be ARNs, got "etl"'],
    ['slipway:removalPolicy', 'snapshot', 'setting slipway:removalPolicy must be retain or destroy, got "snapshot"'],
    ['slipway:eventDays', '-1', 'setting slipway:eventDays must be a number above 0, got "-1"'],
    ['slipway:busTaskRuns', 'yes', 'setting slipway:busTaskRuns must be true or false, got "yes"'],
    [
      'slipway:controlStreamArn',
      'arn:aws:dynamodb:eu-west-1:123456789012:table/restored',
      'setting slipway:controlStreamArn must be the ARN of a table\'s stream, got "arn:aws:dynamodb:eu-west-1:123456789012:table/restored"',
    ],
    ['slipway:defaultImage', 7, 'setting slipway:defaultImage must be text, got 7'],
  ])('refuses %s = %j', (name, value, sentence) => {
    expect(() => read({ [name]: value })).toThrow(sentence);
  });

  it('refuses a setting that it does not know', () => {
    expect(() => read({ 'slipway:lunchRate': '20' })).toThrow(
      /^unknown setting slipway:lunchRate: wanted one of slipway:launchRate,/,
    );
  });
});

describe('a restored control table', () => {
  const table = 'arn:aws:dynamodb:eu-west-1:123456789012:table/slipway-restored';
  const stream = `${table}/stream/2026-11-28T12:00:00.000`;
  const { data, service } = buildTemplates({ 'slipway:controlStreamArn': stream });

  it('takes the place of the own one in every Lambda, which is kept', () => {
    const variables = resourcesOf(service, 'AWS::Lambda::Function').map(({ Properties }) =>
      z.object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }) }).parse(Properties),
    );
    const names = variables.flatMap(({ Environment }) => Environment.Variables['SLIPWAY_CONTROL_TABLE'] ?? []);

    expect(names.length).toBeGreaterThan(8);
    expect(new Set(names)).toEqual(new Set(['slipway-restored']));
    expect(Object.keys(data.findResources('AWS::DynamoDB::Table'))).toHaveLength(2);
  });

  it('is what roles may use and whose stream wakes publish', () => {
    const used = roleStatements(service).flatMap(({ Resource }) => JSON.stringify(Resource));
    const sources = resourcesOf(service, 'AWS::Lambda::EventSourceMapping').map(
      ({ Properties }) => Properties['EventSourceArn'],
    );

    expect(used.filter((resource) => resource.includes('TablesControl'))).toEqual([]);
    expect(used.some((resource) => resource.includes(`${table}/index/due`))).toBe(true);
    expect(sources).toContain(stream);
  });
});

describe('resources of the user', () => {
  const own = {
    'slipway:clusterArns': 'arn:aws:ecs:eu-west-1:123456789012:cluster/etl',
    'slipway:taskDefinitionArns': 'arn:aws:ecs:eu-west-1:123456789012:task-definition/etl:*',
    'slipway:passRoleArns': 'arn:aws:iam::123456789012:role/etl',
  };
  const { service } = buildTemplates(own);
  const grants = (action: string) =>
    JSON.stringify(roleStatements(service).filter(({ Action }) => Action.includes(action)));

  it('may be launched once the settings name them', () => {
    expect(grants('ecs:RunTask')).toContain(own['slipway:taskDefinitionArns']);
    expect(grants('ecs:RunTask')).toContain(own['slipway:clusterArns']);
    expect(grants('iam:PassRole')).toContain(own['slipway:passRoleArns']);
  });

  it('have their tasks watched and stopped like our own', () => {
    expect(grants('ecs:StopTask')).toContain('arn:aws:ecs:eu-west-1:123456789012:task/etl/*');
    expect(JSON.stringify(service.findResources('AWS::Events::Rule'))).toContain(own['slipway:clusterArns']);
  });
});
