// AWS's own limits as token buckets under the virtual clock: what is too fast is turned away with ThrottlingException.
import { AwsError } from '../../../local/aws-endpoint.ts';
import type { VirtualClock } from './clock.ts';

export type Quota = {
  /** Operations that share the bucket. */
  readonly operations: readonly string[];
  readonly burst: number;
  readonly perSecond: number;
};

/**
 * The defaults of an account and region. Fargate's launch bucket counts tasks; with a run a request it
 * counts calls of RunTask.
 */
export const defaultQuotas: readonly Quota[] = [
  { operations: ['RunTask'], burst: 100, perSecond: 20 },
  { operations: ['RunTask', 'StopTask'], burst: 100, perSecond: 40 },
  { operations: ['DescribeTasks', 'ListTasks'], burst: 100, perSecond: 20 },
  { operations: ['RegisterTaskDefinition'], burst: 20, perSecond: 1 },
];

/** Takes a token of each bucket that an operation draws on, or throws and takes none. */
export function quotaGate(clock: VirtualClock, quotas: readonly Quota[]): (operation: string) => void {
  const buckets = quotas.map((quota) => ({ quota, tokens: quota.burst, at: clock.now() }));
  return (operation) => {
    const asked = buckets.filter(({ quota }) => quota.operations.includes(operation));
    for (const bucket of asked) {
      const { burst, perSecond } = bucket.quota;
      bucket.tokens = Math.min(burst, bucket.tokens + ((clock.now() - bucket.at) / 1000) * perSecond);
      bucket.at = clock.now();
    }
    if (asked.some(({ tokens }) => tokens < 1)) throw new AwsError('ThrottlingException', 'Rate exceeded');
    for (const bucket of asked) bucket.tokens -= 1;
  };
}
