// What use cases need from ECS.

import type { JsonObject } from '../domain/json.ts';
import type { TaskObservation } from '../domain/run/attempt.ts';

/** What came of one RunTask request. `unknown`: it may have taken effect, so the same try is repeated. */
export type LaunchOutcome =
  | { readonly kind: 'launched'; readonly taskArn: string; readonly task: TaskObservation }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export type SeenTask = { readonly taskArn: string; readonly startedBy?: string; readonly task: TaskObservation };

export type DescribedTasks = { readonly tasks: readonly SeenTask[]; readonly missing: readonly string[] };

export type Tasks = {
  /** Registers the definition when its family is not known to be there; safe to call twice. */
  ensureDefinition(definition: JsonObject): Promise<LaunchRefusal | undefined>;
  /** Our own family is registered again, because its definition is inactive. */
  registerAgain(definition: JsonObject): Promise<LaunchRefusal | undefined>;
  run(request: JsonObject, clientToken: string): Promise<LaunchOutcome>;
  /** A task that ECS no longer knows counts as stopped. */
  stop(cluster: string, taskArn: string, reason: string): Promise<'requested' | 'gone'>;
  /** Up to 100 a call underneath. */
  describe(cluster: string, taskArns: readonly string[]): Promise<DescribedTasks>;
  listRunning(cluster: string): AsyncIterable<string>;
  listStopped(cluster: string, family: string): AsyncIterable<string>;
};

export type LaunchRefusal = { readonly kind: 'refused' | 'unknown'; readonly code: string; readonly reason: string };
