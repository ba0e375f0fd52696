// The reasons that an explanation can have: a closed set, so that a program can ask for one.
import type { Json } from '../json.ts';

export const explainReasons = [
  'ended',
  'running',
  'cancelling',
  'paused-run',
  'scheduled',
  'retry-wait',
  'former-task',
  'recorded-only',
  'no-work-pool',
  'paused-work-pool',
  'paused-work-queue',
  'limit',
  'frozen',
  'quota',
  'next',
  'no-worker',
  'worker',
  'no-runner',
  'runner',
  'starting-elsewhere',
  'refused',
  'launching',
  'launch-unanswered',
  'provisioning',
  'image-pull',
  'engine-start',
] as const;
export type ExplainReason = (typeof explainReasons)[number];

/** `evidence` is for programs: what the sentence was made of, times as epoch milliseconds. */
export type Explanation = {
  readonly reason: ExplainReason;
  readonly sentence: string;
  readonly evidence: { readonly [name: string]: Json | undefined };
};
