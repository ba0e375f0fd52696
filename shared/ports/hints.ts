// Messages between the Lambdas. Each is only a hint: what is true stands in the table.
import type { Lane } from '../domain/run/run.ts';

export type SubmitHint =
  /** There is work in this lane, at `dueAt` (epoch ms). */
  | { readonly kind: 'work'; readonly lane: Lane; readonly dueAt: number }
  /** An attempt whose launch is open. */
  | { readonly kind: 'attempt'; readonly runId: string; readonly attempt: number };

export type ObserveHint =
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'attempt'; readonly runId: string; readonly attempt: number }
  /** A task that ECS lists and no open attempt knows, or one that an open attempt knows and ECS no longer lists. */
  | { readonly kind: 'task'; readonly cluster: string; readonly taskArn: string };

export type Hints = {
  /** Delays are whole seconds, rounded up, at most 900. */
  submit(hints: readonly SubmitHint[], options?: { readonly delaySeconds?: number }): Promise<void>;
  observe(hints: readonly ObserveHint[], options?: { readonly delaySeconds?: number }): Promise<void>;
};
