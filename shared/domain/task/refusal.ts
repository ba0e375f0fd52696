// What a refused RunTask or RegisterTaskDefinition means: one table over codes, `failures[]` reasons and message texts.
// Several throttles come disguised as client errors (field.md 2b), so texts are read before codes.

export type RefusalClass =
  /** Too fast: the rate is halved and the launch tried again. */
  | 'throttled'
  /** No room now: tried again until the start deadline. */
  | 'capacity'
  /** Our own family is not ACTIVE any more: registered again. */
  | 'inactive-definition'
  /** It will never work as it is. */
  | 'permanent';

const byText: readonly (readonly [RegExp, RefusalClass])[] = [
  [/rate exceeded|throttl|too many requests|too many concurrent attempts/i, 'throttled'],
  [
    /TaskDefinition is inactive|task definition .*(inactive|does not exist)|Unable to describe task definition/i,
    'inactive-definition',
  ],
  [/capacity is unavailable|RESOURCE:|capacity limit exceeded|limit on the number of tasks|insufficient/i, 'capacity'],
];

const byCode: Readonly<Record<string, RefusalClass>> = {
  ThrottlingException: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequestsException: 'throttled',
  LimitExceededException: 'capacity',
  UpdateInProgressException: 'capacity',
  AGENT: 'capacity',
  ATTRIBUTE: 'capacity',
  LOCATION: 'capacity',
  MISSING: 'capacity',
};

export function classifyRefusal(refusal: { readonly code: string; readonly reason: string }): RefusalClass {
  const text = `${refusal.code} ${refusal.reason}`;
  const known = byText.find(([pattern]) => pattern.test(text));
  return known?.[1] ?? byCode[refusal.code] ?? 'permanent';
}

const cures: readonly (readonly [RegExp, string])[] = [
  [/PassRole/i, 'Allow iam:PassRole for the task and execution roles to the submit function.'],
  [/AccessDenied|not authorized/i, 'Give the submit function the permission that is named.'],
  [/Cluster not found|ClusterNotFound/i, 'Name a cluster that exists in the work pool or deployment.'],
  [/subnet|security group|securityGroup/i, 'Check the subnets and security groups of the work pool.'],
];

/** A permanent refusal in words, with how to cure it. */
export function refusalMessage(refusal: { readonly code: string; readonly reason: string }): string {
  const text = `${refusal.code}: ${refusal.reason}`;
  const cure = cures.find(([pattern]) => pattern.test(text))?.[1] ?? 'Correct the job variables and run it again.';
  return `ECS refused to start the task: ${text}. ${cure}`;
}
