// What each refusal of RunTask and RegisterTaskDefinition means, and which words a person gets about it.
import { describe, expect, it } from 'vitest';
import { classifyRefusal, refusalMessage } from '../../shared/domain/task/refusal.ts';

describe('a refusal', () => {
  it.each([
    ['ThrottlingException', 'Rate exceeded', 'throttled'],
    ['ThrottlingException', '', 'throttled'],
    ['RequestLimitExceeded', 'slow down', 'throttled'],
    ['TooManyRequestsException', 'x', 'throttled'],
    ['InvalidParameterException', 'Error retrieving subnet information: Rate exceeded', 'throttled'],
    ['ClientException', 'Too many concurrent attempts to create a new revision of the specified family.', 'throttled'],
    ['ServerException', 'Request was throttled', 'throttled'],
    ['ClientException', 'TaskDefinition is inactive', 'inactive-definition'],
    ['InvalidParameterException', 'TaskDefinition is inactive', 'inactive-definition'],
    ['ClientException', 'The task definition a:1 does not exist.', 'inactive-definition'],
    ['ClientException', 'Unable to describe task definition.', 'inactive-definition'],
    [
      'Capacity is unavailable at this time',
      'Capacity is unavailable at this time. Please try again later',
      'capacity',
    ],
    ['RESOURCE:MEMORY', 'RESOURCE:MEMORY', 'capacity'],
    ['RESOURCE:CPU', 'RESOURCE:CPU: none', 'capacity'],
    ['ClientException', 'Fargate vCPU capacity limit exceeded', 'capacity'],
    ["You've reached the limit on the number of tasks you can run concurrently", '', 'capacity'],
    ['InvalidParameterException', 'insufficient free addresses in subnet', 'capacity'],
    ['LimitExceededException', 'x', 'capacity'],
    ['UpdateInProgressException', 'x', 'capacity'],
    ['AGENT', 'AGENT', 'capacity'],
    ['ATTRIBUTE', 'ATTRIBUTE', 'capacity'],
    ['LOCATION', 'x', 'capacity'],
    ['MISSING', 'MISSING', 'capacity'],
    ['AccessDeniedException', 'not authorized to perform iam:PassRole', 'permanent'],
    ['ClusterNotFoundException', 'Cluster not found.', 'permanent'],
    ['InvalidParameterException', 'No subnets were given', 'permanent'],
    ['NoTask', 'ECS started no task', 'permanent'],
    ['', '', 'permanent'],
  ])('%s: %s is %s', (code, reason, expected) => {
    expect(classifyRefusal({ code, reason })).toBe(expected);
  });
});

describe('the words about a permanent refusal', () => {
  it.each([
    ['AccessDeniedException', 'not authorized to perform iam:PassRole on role/x', /Allow iam:PassRole/],
    ['AccessDeniedException', 'not authorized to perform ecs:RunTask', /Give the submit function the permission/],
    ['ClusterNotFoundException', 'Cluster not found.', /Name a cluster that exists/],
    ['InvalidParameterException', 'subnet-1 does not exist', /Check the subnets and security groups/],
    ['InvalidParameterException', 'bad securityGroup', /Check the subnets and security groups/],
    ['ClientException', 'No Fargate configuration exists', /Correct the job variables and run it again/],
  ])('name code and reason and a cure: %s, %s', (code, reason, cure) => {
    const message = refusalMessage({ code, reason });

    expect(message).toContain(`ECS refused to start the task: ${code}: ${reason}.`);
    expect(message).toMatch(cure);
  });
});
