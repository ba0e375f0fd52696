// What use cases need from ECS.
import type { JsonObject } from '../domain/json.ts';
import type { TaskObservation } from '../domain/run/attempt.ts';

/** What came of one request. `unknown`: it may have taken effect, so the same one is repeated. */
export type Refusal = {
  readonly kind: 'refused' | 'unknown';
  readonly code: string;
  readonly reason: string;
  /** The answer that the token replays for ever; an error says nothing of what an earlier send of the token did. */
  readonly isAnswer?: true;
};

export type LaunchOutcome =
  | { readonly kind: 'launched'; readonly taskArn: string; readonly task: TaskObservation }
  | Refusal;

export type SeenTask = {
  readonly taskArn: string;
  readonly cluster: string;
  readonly startedBy?: string;
  readonly task: TaskObservation;
};

export type DescribedTasks = { readonly tasks: readonly SeenTask[]; readonly missing: readonly string[] };

export type Tasks = {
  register(definition: JsonObject): Promise<{ readonly kind: 'registered'; readonly arn: string } | Refusal>;
  /** One RunTask request with its client token. */
  run(request: JsonObject, clientToken: string): Promise<LaunchOutcome>;
  /** A task that ECS no longer knows counts as stopped. */
  stop(cluster: string, taskArn: string, reason: string): Promise<'requested' | 'gone' | 'throttled'>;
  /** 100 a call underneath. */
  describe(cluster: string, taskArns: readonly string[]): Promise<DescribedTasks>;
  /** ARNs as ECS pages them, 100 at most; the next page is asked for when somebody wants it. */
  runningPages(cluster: string): AsyncIterable<readonly string[]>;
  /** ARNs. */
  listRunning(cluster: string, family?: string): AsyncIterable<string>;
  listStopped(cluster: string, family?: string): AsyncIterable<string>;
};
