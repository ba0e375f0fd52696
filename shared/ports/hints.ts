// Messages between the Lambdas. Each is only a hint: what is true stands in the table.
import type { Lane } from '../domain/run/run.ts';

export type SubmitHint =
  /** There is work in this lane, at `dueAt` (epoch ms). */
  | { readonly kind: 'work'; readonly lane: Lane; readonly dueAt: number }
  /** A lane whose deadline came: the pump looks, and forgets it if it stays empty. */
  | { readonly kind: 'wake'; readonly lane: Lane }
  /** Slots came free, or a limit, pool or queue lets more runs through: the pump looks at what waits. */
  | { readonly kind: 'room' }
  /** An attempt whose launch is open. */
  | { readonly kind: 'attempt'; readonly runId: string; readonly attempt: number }
  /** A task of an attempt that the table has not heard of: the table is older than the task. */
  | { readonly kind: 'adopt'; readonly cluster: string; readonly taskArn: string }
  /** A restored table is to be matched with what ECS knows. */
  | { readonly kind: 'match' };

/** A task that is to be described. With an attempt: ECS no longer lists it as running. Without: no open attempt knows it. */
export type SweptTask = { readonly taskArn: string; readonly runId?: string; readonly attempt?: number };

export type ObserveHint =
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'attempt'; readonly runId: string; readonly attempt: number }
  /** As many as one DescribeTasks takes. */
  | { readonly kind: 'tasks'; readonly cluster: string; readonly tasks: readonly SweptTask[] };

/** A deployment whose schedules are to be planned; it travels with the hints of `observe`. */
export type PlanHint = { readonly kind: 'plan'; readonly deploymentId: string };

export type Hints = {
  /** Delays are whole seconds, rounded up, at most 900. */
  submit(hints: readonly SubmitHint[], options?: { readonly delaySeconds?: number }): Promise<void>;
  observe(hints: readonly (ObserveHint | PlanHint)[], options?: { readonly delaySeconds?: number }): Promise<void>;
};
