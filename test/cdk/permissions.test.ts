// Least privilege, read off the templates: every wildcard is named here, and what a step can do beyond its own work is nothing.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stepNames } from '../../shared/config/resources.ts';
import { buildTemplates, projectRoot, resourcesOf, roleStatements, type Statement, withoutHash } from './templates.ts';

const { data, service } = buildTemplates();
const statements = roleStatements(service);
const ofStep = (step: string) =>
  statements.filter(({ role }) => withoutHash(role) === `${step.charAt(0).toUpperCase()}${step.slice(1)}LambdaRole`);
const actionsOf = (step: string) => [...new Set(ofStep(step).flatMap(({ Action }) => Action))].sort();
const isAny = ({ Resource }: Statement) => Resource.includes('*');

describe('every role', () => {
  it('names all resources only where AWS knows no narrower one', () => {
    const found = statements.filter(isAny).map(({ role, Action, Condition }) => ({
      role: withoutHash(role),
      actions: [...Action].sort(),
      bound: Condition === undefined ? 'nothing' : Object.values(Condition).flatMap((keys) => Object.keys(keys ?? {})),
    }));

    expect(found.sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)))).toEqual([
      { role: 'ClockLambdaRole', actions: ['ecs:ListTasks'], bound: ['ecs:cluster'] },
      { role: 'ObserveLambdaRole', actions: ['ecs:ListTasks'], bound: ['ecs:cluster'] },
      { role: 'PublishLambdaRole', actions: ['dynamodb:ListStreams'], bound: 'nothing' },
      { role: 'SubmitLambdaRole', actions: ['ecs:ListTasks'], bound: ['ecs:cluster'] },
      { role: 'SubmitLambdaRole', actions: ['ecs:RegisterTaskDefinition'], bound: 'nothing' },
      { role: 'TasksExecutionRole', actions: ['ecr:GetAuthorizationToken'], bound: 'nothing' },
    ]);
  });

  it('names its actions one by one', () => {
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
  });

  it('has no managed policy', () => {
    const roles = [data, service].flatMap((template) => resourcesOf(template, 'AWS::IAM::Role'));

    expect(roles.length).toBeGreaterThan(0);
    expect(roles.filter(({ Properties }) => 'ManagedPolicyArns' in Properties)).toEqual([]);
  });
});

/** What Lambda itself does in a step's name, and tags, which are an action of their own although no call of their own. */
const beside = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
  'ecs:TagResource',
];

describe('all steps together', () => {
  it('may do what the adapters call on tables, tasks and buses, and nothing else', () => {
    const called = actionsOfAdapters();

    const granted = new Set(stepNames.flatMap(actionsOf).filter((action) => /^(dynamodb|ecs|events):/.test(action)));

    expect(called.length).toBeGreaterThan(8);
    expect([...granted].sort()).toEqual([...new Set([...called, ...beside])].sort());
  });
});

/** The actions behind the SDK's commands that shared/adapters makes. A transaction needs those of its parts. */
function actionsOfAdapters(): string[] {
  const files = globSync('shared/adapters/{dynamodb,ecs,eventbridge}/**/*.ts', { cwd: projectRoot });
  return files.flatMap((file) => {
    const service = file.split(path.sep)[2] ?? '';
    const text = readFileSync(path.join(projectRoot, file), 'utf8');
    const commands = [...text.matchAll(/new (\w+)Command\(/g)].map(([, command]) => command ?? '');
    const parts = [...text.matchAll(/\b(ConditionCheck|Put|Update|Delete): \{/g)].map(([, part]) => part ?? '');
    return [...commands, ...parts].flatMap((name) => actionOf(service, name));
  });
}

function actionOf(service: string, name: string): string[] {
  if (service === 'eventbridge') return [`events:${name}`];
  if (service === 'ecs') return [`ecs:${name}`];
  if (name === 'Query' || name === 'DescribeTable') return [`dynamodb:${name}`];
  return name.startsWith('Transact') ? [] : [`dynamodb:${name}Item`];
}

describe('what a step may do', () => {
  it.each(stepNames)('never lets %s scan a table or change one', (step) => {
    const onTables = actionsOf(step).filter((action) => action.startsWith('dynamodb:'));

    expect(onTables.length).toBeGreaterThan(0);
    const harmless = ['dynamodb:DescribeTable'];
    const others = onTables.filter((action) => !harmless.includes(action));
    expect(others.filter((action) => /Scan|Table|PartiQL|Export|Import|Backup/.test(action))).toEqual([]);
  });

  it('lets those see which table it is who may freeze, thaw or launch', () => {
    expect(stepNames.filter((step) => actionsOf(step).includes('dynamodb:DescribeTable'))).toEqual(['api', 'submit']);
  });

  it.each([
    { step: 'api', indexes: ['lane', 'parent', 'runs'] },
    { step: 'trigger', indexes: ['lane'] },
    { step: 'submit', indexes: ['due', 'lane'] },
    { step: 'observe', indexes: ['lane'] },
    { step: 'clock', indexes: ['due'] },
    { step: 'publish', indexes: [] },
    { step: 'events', indexes: [] },
    { step: 'socket', indexes: [] },
    { step: 'act', indexes: ['lane'] },
  ])('lets $step query the indexes $indexes', ({ step, indexes }) => {
    const named = ofStep(step).flatMap(
      ({ Resource }) => JSON.stringify(Resource).match(/(?<=\/index\/)[a-z*]+/g) ?? [],
    );

    expect(named.sort()).toEqual(indexes);
  });

  it('lets those write to the bulk table who have log lines, events or what no message holds, and those list who show it', () => {
    const onBulk = (action: string) =>
      stepNames.filter((step) =>
        ofStep(step).some((one) => one.Action.includes(action) && JSON.stringify(one.Resource).includes('TablesBulk')),
      );

    expect(onBulk('dynamodb:PutItem')).toEqual(['api', 'submit', 'observe', 'publish', 'events', 'socket', 'act']);
    expect(onBulk('dynamodb:Query')).toEqual(['api', 'socket', 'act']);
  });

  it('lets those read, write and delete large bodies who have to do with them, and nobody touch anything else of S3', () => {
    const onBodies = (action: string) => stepNames.filter((step) => actionsOf(step).includes(action));

    expect(onBodies('s3:GetObject')).toEqual(['api', 'submit', 'observe', 'publish', 'socket', 'act']);
    expect(onBodies('s3:ListBucket')).toEqual(onBodies('s3:GetObject'));
    expect(onBodies('s3:PutObject')).toEqual(['api', 'trigger', 'observe', 'socket', 'act']);
    expect(onBodies('s3:DeleteObject')).toEqual(['api', 'observe', 'act']);
    const ofS3 = statements.filter(({ Action }) => Action.some((action) => action.startsWith('s3:')));
    expect(new Set(ofS3.flatMap(({ Action }) => Action)).size).toBe(4);
    for (const { Action, Resource } of ofS3) {
      const isList = Action.includes('s3:ListBucket');
      expect(JSON.stringify(Resource)).toMatch(
        isList ? /BodiesBucket[0-9A-F]{8}Arn\w*"\}\]$/ : /"\/runs\/\*"\]\]\}\]$/,
      );
    }
  });

  it('lets act alone send mail and publish to topics, of this account and nothing else', () => {
    const notifying = stepNames.flatMap((step) =>
      ofStep(step)
        .filter(({ Action }) => Action.some((action) => action.startsWith('ses:') || action.startsWith('sns:')))
        .map(({ Action }) => [step, ...Action]),
    );

    expect(notifying).toEqual([
      ['act', 'ses:SendEmail'],
      ['act', 'sns:Publish'],
    ]);
  });

  it('lets those who have frames send them, each to the sockets that it serves', () => {
    const served = (step: string) =>
      ofStep(step)
        .filter(({ Action }) => Action.includes('execute-api:ManageConnections'))
        .flatMap(({ Resource }) => JSON.stringify(Resource).match(/(?<=\/)[a-z-]+(?=\/POST\/)/g) ?? []);

    expect(stepNames.filter((step) => served(step).length > 0)).toEqual(['api', 'events', 'socket']);
    expect(served('api')).toEqual(['task-runs']);
    expect(served('events').sort()).toEqual(['events-out', 'logs-out']);
    expect(served('socket').sort()).toEqual(['events-in', 'events-out', 'logs-out', 'task-runs']);
  });

  it('lets the API of events send to the events queue and do nothing else', () => {
    const ofApi = statements.filter(({ role }) => role.startsWith('SocketEventsRole'));

    expect(ofApi.map(({ Action }) => Action)).toEqual([['sqs:SendMessage']]);
    expect(JSON.stringify(ofApi[0]?.Resource)).toMatch(/QueuesEvents[0-9A-F]{8}Arn/);
  });

  it('lets submit alone start tasks, register definitions and pass roles', () => {
    const guarded = ['ecs:RunTask', 'ecs:RegisterTaskDefinition', 'iam:PassRole', 'ecs:TagResource'];

    for (const action of guarded) {
      expect(stepNames.filter((step) => actionsOf(step).includes(action))).toEqual(['submit']);
    }
  });

  it('lets submit start our own definitions, in our cluster only', () => {
    const [run, ...others] = ofStep('submit').filter(({ Action }) => Action.includes('ecs:RunTask'));

    expect(others).toEqual([]);
    expect(run).toMatchObject({
      Action: ['ecs:RunTask'],
      Condition: { ArnEquals: { 'ecs:cluster': [{ 'Fn::GetAtt': [expect.stringMatching(/^TasksCluster/), 'Arn'] }] } },
    });
    expect(JSON.stringify(run?.Resource)).toMatch(/:task-definition\/slipway-\*"\]\]\}\]$/);
  });

  it('lets submit pass the two task roles, to ECS only', () => {
    const [pass, ...others] = ofStep('submit').filter(({ Action }) => Action.includes('iam:PassRole'));

    expect(others).toEqual([]);
    expect(pass).toMatchObject({
      Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
      Resource: [
        { 'Fn::GetAtt': [expect.stringMatching(/^TasksExecutionRole/), 'Arn'] },
        { 'Fn::GetAtt': [expect.stringMatching(/^TasksTaskRole/), 'Arn'] },
      ],
    });
  });

  it('lets submit tag what it creates and nothing that exists', () => {
    const conditions = ofStep('submit')
      .filter(({ Action }) => Action.includes('ecs:TagResource'))
      .map(({ Condition }) => Condition);

    expect(conditions).toEqual([
      { StringEquals: { 'ecs:CreateAction': 'RunTask' } },
      { StringEquals: { 'ecs:CreateAction': 'RegisterTaskDefinition' } },
    ]);
  });

  it('lets submit and observe stop tasks, and nobody else', () => {
    expect(stepNames.filter((step) => actionsOf(step).includes('ecs:StopTask'))).toEqual(['submit', 'observe']);
  });

  it('lets the api and the socket read the auth string and no other step any secret', () => {
    const readers = stepNames.filter((step) => actionsOf(step).some((action) => action.startsWith('secretsmanager:')));
    const [read] = ofStep('api').filter(({ Action }) => Action.includes('secretsmanager:GetSecretValue'));

    expect(readers).toEqual(['api', 'socket']);
    expect(JSON.stringify(read?.Resource)).toMatch(/AuthAuthString/);
  });

  it('gives tasks an empty role, and an execution role that pulls, writes task logs and reads the auth string', () => {
    const byTasks = statements.filter(({ role }) => role.startsWith('Tasks'));

    expect(new Set(byTasks.map(({ role }) => withoutHash(role)))).toEqual(new Set(['TasksExecutionRole']));
    expect([...new Set(byTasks.flatMap(({ Action }) => Action))].sort()).toEqual([
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetAuthorizationToken',
      'ecr:GetDownloadUrlForLayer',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
    ]);
  });
});
