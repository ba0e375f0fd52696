// Slots of task runs by their tags: for the rules of task runs (SecureTaskConcurrencySlots, ReleaseTaskConcurrencySlots)
// and for POST /concurrency_limits/increment. A task run holds the slots of its tags once, however often it asks.
import { type Limit, tagLimitName, tagOfLimit } from '../domain/limit/limit.ts';
import { tagWaitSeconds } from '../domain/limit/waiting.ts';
import { acquireSlots, type LimitDeps } from './acquire-slots.ts';
import { releaseHeldBy } from './release-slots.ts';

export type TaskSlots = { readonly taskRunId: string; readonly tags: readonly string[] };

export type TaskSlotAnswer =
  /** All its tags have room, or no limit. */
  | { readonly kind: 'granted'; readonly limits: readonly Limit[] }
  | { readonly kind: 'wait'; readonly delaySeconds: number; readonly tags: readonly string[]; readonly reason: string }
  | { readonly kind: 'abort'; readonly reason: string };

const namesOf = (tags: readonly string[]) => [...new Set(tags)].map(tagLimitName);

/** At any change of a task run to RUNNING. What is granted is held until `releaseTaskSlots`: it does not run out. */
export async function secureTaskSlots(deps: LimitDeps, { taskRunId, tags }: TaskSlots): Promise<TaskSlotAnswer> {
  if (tags.length === 0) return { kind: 'granted', limits: [] };
  const names = namesOf(tags);
  const limits = await deps.limits.readNamed(names);
  if (limits.length === 0) return { kind: 'granted', limits };
  const closed = limits.find(({ active, limit }) => active && limit === 0);
  if (closed !== undefined) {
    const reason = `The concurrency limit on tag "${tagOfLimit(closed.name)}" is 0 and will deadlock if the task tries to run again.`;
    return { kind: 'abort', reason };
  }
  const holder = { type: 'task_run', id: taskRunId } as const;
  const answer = await acquireSlots(deps, { names, slots: 1, mode: 'concurrency', lease: {}, holder });
  if (answer.kind === 'granted') return { kind: 'granted', limits: answer.limits };
  const full = answer.kind === 'full' && answer.limits.length > 0 ? answer.limits : limits;
  const reached = full.filter(({ active }) => active).map(({ name }) => tagOfLimit(name) ?? name);
  const seconds = answer.kind === 'full' ? Math.min(answer.retryAfterSeconds, tagWaitSeconds) : tagWaitSeconds;
  const reason = `Concurrency limit reached for tags: ${reached.join(', ')}`;
  return { kind: 'wait', delaySeconds: Math.round(seconds), tags: reached, reason };
}

/** Once a task run is neither RUNNING nor CANCELLING. @returns the limits on these tags */
export async function releaseTaskSlots(deps: LimitDeps, { taskRunId, tags }: TaskSlots): Promise<readonly Limit[]> {
  if (tags.length === 0) return [];
  return releaseHeldBy(deps, { names: namesOf(tags), who: { id: taskRunId } });
}
