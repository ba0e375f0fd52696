// What each refusal of RunTask and RegisterTaskDefinition means, in AWS's own words, and which cure a person gets.
import { describe, expect, it } from 'vitest';
import {
  classifyRefusal,
  type RefusalClass,
  refusalClasses,
  refusalMessage,
} from '../../shared/domain/task/refusal.ts';

type Case = readonly [code: string, reason: string, isAnswer?: true | undefined];
const failure = (reason: string, detail?: string): Case => [
  reason,
  detail === undefined ? reason : `${reason}: ${detail}`,
  true,
];
const noCapacity = 'Capacity is unavailable at this time. Please try again later or in a different availability zone.';

/** Words that AWS uses; those of each class stand together. */
const seen: Readonly<Record<Exclude<RefusalClass, 'permanent'>, readonly Case[]>> = {
  throttled: [
    ['ThrottlingException', 'Rate exceeded'],
    ['ThrottlingException', ''],
    ['RequestLimitExceeded', 'Request limit exceeded.'],
    ['TooManyRequestsException', 'Too Many Requests'],
    [
      'InvalidParameterException',
      'Error retrieving subnet information for [subnet-0a1b]: Rate exceeded (ErrorCode: Throttling)',
    ],
    [
      'InvalidParameterException',
      'Error retrieving security group information for [sg-0a1b]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)',
    ],
    ['ClientException', 'Too many concurrent attempts to create a new revision of the specified family.'],
    ['ClientException', 'Request was throttled'],
  ],
  capacity: [
    failure(noCapacity),
    ['ClientException', noCapacity],
    failure('RESOURCE:ENI'),
    ['InvalidParameterException', 'The subnet subnet-0a1b does not have enough free addresses to satisfy the request.'],
    ['InvalidParameterException', 'InsufficientFreeAddressesInSubnet'],
    ['InvalidParameterException', 'Insufficient capacity.'],
    ['LimitExceededException', 'Tasks provisioning capacity limit exceeded.'],
    ['LimitExceededException', 'The limit for the resource has been exceeded.'],
    ['ClientException', "You've reached the limit on the number of vCPUs you can run concurrently"],
    failure("You've reached the limit on the number of tasks you can run concurrently"),
  ],
  placement: [
    failure('RESOURCE:CPU'),
    failure('RESOURCE:MEMORY'),
    failure('RESOURCE:PORTS'),
    failure('RESOURCE:GPU', 'none free'),
    failure('AGENT'),
    failure('ATTRIBUTE'),
    failure('LOCATION'),
    failure('MISSING'),
    failure('INACTIVE'),
    failure('EMPTY CAPACITY PROVIDER'),
    failure('NO ACTIVE INSTANCES'),
    failure('MemberOf placement constraint unsatisfied.'),
    ['InvalidParameterException', 'No Container Instances were found in your cluster.'],
  ],
  passing: [
    ['ExpiredTokenException', 'The security token included in the request is expired'],
    ['UpdateInProgressException', 'x'],
    [
      'InvalidParameterException',
      'Unable to assume the service linked role. Please verify that the ECS service linked role exists.',
    ],
  ],
  'inactive-definition': [
    ['ClientException', 'TaskDefinition is inactive'],
    ['InvalidParameterException', 'TaskDefinition is inactive'],
    ['ClientException', 'TaskDefinition not found.'],
    ['ClientException', 'The task definition a:1 does not exist.'],
    ['ClientException', 'Unable to describe task definition.'],
  ],
  taken: [
    [
      'ConflictException',
      'The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a different RunTask request.',
    ],
  ],
};

const permanent: readonly (readonly [code: string, reason: string, cure: RegExp])[] = [
  [
    'AccessDeniedException',
    'User: arn:aws:sts::1:assumed-role/submit/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/etl because no identity-based policy allows the iam:PassRole action',
    /slipway:passRoleArns/,
  ],
  [
    'AccessDeniedException',
    'User: arn:aws:sts::1:assumed-role/submit/x is not authorized to perform: ecs:RunTask on resource: arn:aws:ecs:us-east-1:1:task-definition/etl:3',
    /slipway:taskDefinitionArns and slipway:clusterArns/,
  ],
  [
    'AccessDeniedException',
    'User: arn:aws:sts::1:assumed-role/submit/x is not authorized to perform: ecs:TagResource on resource: arn:aws:ecs:us-east-1:1:task/etl/*',
    /slipway:clusterArns/,
  ],
  [
    'AccessDeniedException',
    'User: x is not authorized to perform: ecs:RegisterTaskDefinition with an explicit deny in a service control policy',
    /policy of the organization/,
  ],
  [
    'AccessDeniedException',
    'User: x is not authorized to perform: ecs:RegisterTaskDefinition on resource: *',
    /the permission that is named/,
  ],
  ['UnrecognizedClientException', 'The security token included in the request is invalid.', /check its role/],
  ['BlockedException', 'Your AWS account was blocked. For more information, contact AWS Support.', /ask AWS Support/],
  ['UnsupportedFeatureException', "The specified task isn't supported in this Region.", /another region/],
  ['ClusterNotFoundException', 'Cluster not found.', /Name a cluster that exists/],
  [
    'InvalidParameterException',
    'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.',
    /Associate the capacity provider/,
  ],
  [
    'InvalidParameterException',
    'The specified capacity provider FARGATE_SPOT was not found. Specify a valid name or ARN and try again.',
    /Associate the capacity provider/,
  ],
  [
    'ClientException',
    "ECS was unable to assume the role 'arn:aws:iam::1:role/etl' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.",
    /Let ecs-tasks.amazonaws.com assume the role/,
  ],
  ['ClientException', 'Role is not valid', /Let ecs-tasks.amazonaws.com assume the role/],
  [
    'ClientException',
    'Fargate requires task definition to have execution role ARN to support log driver awslogs.',
    /execution role/,
  ],
  [
    'InvalidParameterException',
    "Error retrieving subnet information for [subnet-0a1b]: The subnet ID 'subnet-0a1b' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
    /Name subnets that exist/,
  ],
  [
    'InvalidParameterException',
    "Error retrieving security group information for [sg-0a1b]: The security group 'sg-0a1b' does not exist (ErrorCode: InvalidGroup.NotFound)",
    /Name security groups that exist/,
  ],
  [
    'InvalidParameterException',
    'Security Group sg-0a1b does not appear to belong to the same VPC as the input subnets.',
    /of one VPC/,
  ],
  [
    'InvalidParameterException',
    "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    /awsvpc wants subnets/,
  ],
  [
    'InvalidParameterException',
    'Network Configuration is not valid for the given networkMode of this task definition.',
    /awsvpc wants subnets/,
  ],
  ['InvalidParameterException', 'Assign public IP is not supported for this launch type.', /awsvpc wants subnets/],
  ['InvalidParameterException', 'subnets can not be empty.', /awsvpc wants subnets/],
  ['InvalidParameterException', 'Container Overrides length must be at most 8192', /Shorten env and command/],
  [
    'ClientException',
    'No Fargate configuration exists for given values: 256 CPU, 4096 memory. See the Amazon ECS documentation for the valid values.',
    /sizes of Fargate/,
  ],
  ['ClientException', "Fargate requires that 'cpu' be defined at the task level.", /sizes of Fargate/],
  ['ClientException', "Invalid 'cpu' setting for task.", /sizes of Fargate/],
  ['InvalidParameterException', 'Task definition does not support launch_type FARGATE.', /requiresCompatibilities/],
  [
    'PlatformTaskDefinitionIncompatibilityException',
    'One or more of the requested capabilities are not supported.',
    /requiresCompatibilities/,
  ],
  ['PlatformUnknownException', "The specified platform version doesn't exist.", /platform version that exists/],
  [
    'InvalidParameterException',
    'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.',
    /either launch_type or capacity_provider_strategy/,
  ],
  ['ClientException', 'Container.image should not be null or empty.', /Name an image/],
  ['ClientException', 'Invalid valueFrom for container secret.', /ARNs of the secrets/],
  ['ClientException', 'Log driver awslogs requires options: awslogs-group', /log options/],
];

describe('a refusal that may pass', () => {
  const cases = Object.entries(seen).flatMap(([kind, texts]) =>
    texts.map(([code, reason, isAnswer]) => [kind, code, reason, isAnswer] as const),
  );

  it.each(cases)('is %s: %s, %s', (kind, code, reason, isAnswer) => {
    expect(classifyRefusal({ code, reason, ...(isAnswer === undefined ? {} : { isAnswer }) })).toBe(kind);
  });

  it('has AWS’s words for every class', () => {
    expect(Object.keys(seen).toSorted()).toEqual(refusalClasses.filter((kind) => kind !== 'permanent').toSorted());
  });
});

describe('a refusal that will not pass', () => {
  it.each(permanent)('is permanent and says the cure: %s, %s', (code, reason, cure) => {
    const message = refusalMessage({ code, reason });

    expect(classifyRefusal({ code, reason })).toBe('permanent');
    expect(message).toContain(`ECS refused to start the task: ${code}: ${reason}`);
    expect(message).not.toContain('..');
    expect(message).toMatch(cure);
  });
});

describe('a refusal that nobody has heard of', () => {
  it('waits for the start deadline when ECS took the request and found no place', () => {
    expect(classifyRefusal({ code: 'RETIRING', reason: 'RETIRING', isAnswer: true })).toBe('placement');
    expect(classifyRefusal({ code: 'NoTask', reason: 'ECS started no task', isAnswer: true })).toBe('placement');
  });

  it('ends the run at once when the request itself was judged', () => {
    expect(classifyRefusal({ code: 'SomethingNewException', reason: 'no' })).toBe('permanent');
    expect(classifyRefusal({ code: '', reason: '' })).toBe('permanent');
    expect(refusalMessage({ code: 'SomethingNewException', reason: 'no' })).toBe(
      'ECS refused to start the task: SomethingNewException: no. Correct the job variables and run it again.',
    );
  });
});
