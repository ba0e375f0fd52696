// What a refused RunTask or RegisterTaskDefinition means: one table, read from the top, over `failures[]` reasons,
// exception names and message texts. Disguised throttles come first, since they look like errors of the request.
// Sources: ECS API reference, RunTask (errors); developer guide, "API failure reasons"; field.md 2b.

export const refusalClasses = [
  /** Too fast: the rate is halved and the same request tried again. */
  'throttled',
  /** No room at AWS now: tried again, another way where the pool allows one. */
  'capacity',
  /** No room on the instances of the cluster now: tried again, another way where the pool allows one. */
  'placement',
  /** It says nothing of the request, which is tried again as it is. */
  'passing',
  /** The definition is not ACTIVE any more: registered again where it is ours. */
  'inactive-definition',
  /** A task has this token already: its event or a listing tells which, and nothing new is sent. */
  'taken',
  /** It will never work as it is. */
  'permanent',
] as const;
export type RefusalClass = (typeof refusalClasses)[number];

export type RefusalText = {
  /** The exception's name, or the reason of `failures[]`. */
  readonly code: string;
  readonly reason: string;
  /** ECS answered 200 with `failures[]`: it understood the request and could not place a task. */
  readonly isAnswer?: true;
};

type Row = { readonly match: RegExp; readonly class: RefusalClass; readonly cure?: string };

const later = (match: RegExp, kind: Exclude<RefusalClass, 'permanent'>): Row => ({ match, class: kind });
const never = (match: RegExp, cure: string): Row => ({ match, class: 'permanent', cure });

/** Matched against `<code>: <reason>`; the first row counts. */
const rows: readonly Row[] = [
  later(/rate exceeded|throttl|too ?many ?requests|request ?limit ?exceeded|slow down/i, 'throttled'),
  later(/too many concurrent attempts/i, 'throttled'),

  later(/^ConflictException/, 'taken'),
  later(/task ?definition (is inactive|not found)|task definition .*(inactive|does not exist)/i, 'inactive-definition'),
  later(/unable to describe task definition/i, 'inactive-definition'),

  later(/^RESOURCE:ENI|insufficient ?free ?addresses|enough free addresses/i, 'capacity'),
  later(
    /^(RESOURCE|ATTRIBUTE|AGENT|LOCATION|MISSING|INACTIVE|EMPTY CAPACITY PROVIDER|NO ACTIVE INSTANCES)\b/,
    'placement',
  ),
  later(/placement constraint|no container instances were found|no active instances/i, 'placement'),
  later(/capacity is unavailable|insufficient ?(instance ?)?capacity|out of capacity/i, 'capacity'),
  later(/capacity limit exceeded|limit on the number of (tasks|vcpus)|^(Limit|Quota)\w*Exceeded/i, 'capacity'),

  later(
    /^(ExpiredToken|RequestExpired|UpdateInProgress)|security token included in the request is expired/i,
    'passing',
  ),
  later(/service linked role/i, 'passing'),

  never(
    /iam:PassRole/i,
    'The submit function may not give this role to a task: name the role in slipway:passRoleArns and deploy, or use the roles of the stack.',
  ),
  never(
    /ecs:TagResource/i,
    'The submit function may tag tasks of its own clusters only: name the cluster in slipway:clusterArns and deploy.',
  ),
  never(
    /not authorized to perform:? ecs:RunTask/i,
    'The submit function may run its own task definitions in its own clusters only: name others in slipway:taskDefinitionArns and slipway:clusterArns and deploy.',
  ),
  never(
    /explicit deny|service control policy|permissions boundary/i,
    'A policy of the organization or account denies it: whoever keeps that policy must allow it.',
  ),
  never(/AccessDenied|not authorized/i, 'Give the role of the submit function the permission that is named.'),
  never(
    /UnrecognizedClient|InvalidSignature|IncompleteSignature|InvalidClientTokenId|MissingAuthenticationToken/i,
    'AWS does not accept the credentials of the submit function: check its role.',
  ),
  never(/^BlockedException|account (was|is) (currently )?blocked/i, 'AWS has blocked the account: ask AWS Support.'),
  never(
    /OptInRequired|not subscribed|UnsupportedFeature/i,
    'ECS does not offer this in the region: use another region or another launch type.',
  ),
  never(/cluster ?not ?found|ClusterNotFound/i, 'Name a cluster that exists in the region of the stack.'),
  never(
    /capacity provider.*(not associated|not found|does not exist|not active)/i,
    'Associate the capacity provider with the cluster (FARGATE_SPOT too), or name another one.',
  ),
  never(
    /unable to assume the role|role is not valid|invalid role|trust relationship/i,
    'Let ecs-tasks.amazonaws.com assume the role, and check that it exists; a role that was made moments ago needs a minute.',
  ),
  never(
    /execution ?role/i,
    'Give the task definition an execution role: it pulls the image, reads secrets and writes logs.',
  ),
  never(/same VPC/i, 'Name subnets and security groups of one VPC in network_configuration.'),
  never(
    /InvalidSubnetID|subnet ID .* does not exist|subnets? .*(not found|invalid|not valid)/i,
    'Name subnets that exist in network_configuration, or none for those of the stack.',
  ),
  never(
    /InvalidGroup|security group .* does not exist|security ?groups? .*(not found|invalid|not valid)/i,
    'Name security groups that exist in network_configuration, or none for those of the stack.',
  ),
  never(
    /network configuration|networkMode|assign ?public ?ip|subnets can ?not be empty/i,
    'Give the network configuration that the network mode of the task definition takes: awsvpc wants subnets, other modes want none.',
  ),
  never(
    /overrides? length|must be at most 8192/i,
    'Shorten env and command: hand large values over as parameters or by a block.',
  ),
  never(
    /no fargate configuration exists|invalid ('?cpu'?|'?memory'?) |cpu.*(defined|specified) at the task level|memory.*(defined|specified) at the task level/i,
    'Choose cpu and memory from the sizes of Fargate.',
  ),
  never(
    /does not support launch_?type|PlatformTaskDefinitionIncompatib|requested capabilities are not supported/i,
    'Register the task definition for this launch type (requiresCompatibilities), or choose another launch type.',
  ),
  never(/PlatformUnknown|platform version/i, 'Name a platform version that exists, or none for the latest.'),
  never(
    /launch type and capacity provider strategy/i,
    'Name either launch_type or capacity_provider_strategy in the template.',
  ),
  never(
    /image should not be null|invalid image|image.*(empty|invalid)/i,
    'Name an image in the pool, the deployment or the run.',
  ),
  never(/secret|valueFrom/i, 'Check the ARNs of the secrets and that the execution role may read them.'),
  never(/log ?driver|logConfiguration|awslogs/i, 'Check the log options of the pool.'),
];

const standardCure = 'Correct the job variables and run it again.';

function rowOf({ code, reason }: RefusalText): Row | undefined {
  const text = `${code}: ${reason}`;
  return rows.find(({ match }) => match.test(text));
}

/**
 * What nobody has heard of is judged by where it came from. A failure in an answer means that ECS took the request and
 * found no place, which can change: it waits until the start deadline. An exception judges the request itself, and the
 * same request gets the same answer: it ends the run at once, with AWS's own words.
 */
export function classifyRefusal(refusal: RefusalText): RefusalClass {
  const known = rowOf(refusal)?.class;
  if (known !== undefined) return known;
  return refusal.isAnswer === true ? 'placement' : 'permanent';
}

/** A permanent refusal in words, with how to cure it. */
export function refusalMessage(refusal: RefusalText): string {
  const cure = rowOf(refusal)?.cure ?? standardCure;
  return `ECS refused to start the task: ${refusal.code}: ${refusal.reason}. ${cure}`.replace('.. ', '. ');
}
