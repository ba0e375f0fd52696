// What triggers remember, as items. Those with a deadline stand in the index `due`; those that nobody needs any more
// expire by themselves.

import type { Automation } from '../../domain/automation/automation.ts';
import type { TriggerState } from '../../domain/automation/bucket.ts';
import { stateIdOf } from '../../domain/automation/event-trigger.ts';
import type { CompositeState } from '../../domain/automation/firing.ts';
import type { MetricState } from '../../domain/automation/metric.ts';
import type { FirstState, KnownBucket, KnownComposite, KnownMetric, NewFiring } from '../../ports/automations.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { compositeKey, dueKey, firingKey, shardOf, triggerStateKey } from './table.ts';

export type ItemOptions = { readonly sha256: (text: string) => string; readonly now: () => number };

const daySeconds = 86_400;
/** Composites wait for a week at most when they name no time; firings tell a week long that they were. */
export const keptSeconds = 7 * daySeconds;
/** An event that comes again does so within hours. */
export const seenSeconds = daySeconds;

export function expiry(now: number, seconds: number): Item {
  return { expires_at: Math.ceil(now / 1000) + seconds };
}

function due(kind: 'trigger' | 'firing', id: string, dueAt: number): Item {
  return { due_key: dueKey(kind, shardOf(id)), due_at: Math.ceil(dueAt) };
}

type BucketDoc = {
  readonly automationId: string;
  readonly triggerId: string;
  readonly key: readonly string[];
  readonly state: TriggerState;
};
type MetricDoc = { readonly automationId: string; readonly triggerId: string; readonly metric: MetricState };

export function bucketItem(
  { sha256, now }: ItemOptions,
  bucket: KnownBucket,
  { dueAt, forgottenAt }: { readonly dueAt: number | undefined; readonly forgottenAt: number },
): Item {
  const { version, ...doc } = bucket;
  const id = stateIdOf(sha256, bucket);
  // A window that the clock still has to look at must not expire.
  const end = dueAt === undefined ? expiry(Math.max(forgottenAt, now()), daySeconds) : due('trigger', id, dueAt);
  return toItem(triggerStateKey(id), doc satisfies BucketDoc, { version, ...end });
}

export function metricItem({ version, automationId, triggerId, state }: KnownMetric): Item {
  const doc: MetricDoc = { automationId, triggerId, metric: state };
  return toItem(triggerStateKey(triggerId), doc, { version, ...due('trigger', triggerId, state.nextAt) });
}

export function firstStateItem(options: ItemOptions, automation: Automation, first: FirstState): Item {
  const known = { version: 1, automationId: automation.id, triggerId: first.triggerId };
  if (first.kind === 'metric') return metricItem({ ...known, state: first.state });
  return bucketItem(
    options,
    { ...known, key: [], state: first.state },
    { dueAt: first.dueAt, forgottenAt: first.dueAt },
  );
}

export function stateFromItem(item: Item): { readonly bucket: KnownBucket } | { readonly metric: KnownMetric } {
  const doc = fromItem<BucketDoc | MetricDoc>(item);
  const version = Number(item['version']);
  if ('metric' in doc) {
    const { metric, ...rest } = doc;
    return { metric: { ...rest, version, state: metric } };
  }
  return { bucket: { ...doc, version } };
}

export function compositeItem({ triggerId, version }: KnownComposite, state: CompositeState, now: number): Item {
  return toItem(compositeKey(triggerId), { state }, { version: version + 1, ...expiry(now, keptSeconds) });
}

export function compositeFromItem(triggerId: string, item: Item | undefined): KnownComposite {
  if (item === undefined) return { triggerId, version: 0, state: [] };
  return { triggerId, version: Number(item['version']), state: fromItem<{ state: CompositeState }>(item).state };
}

export function firingItem(firing: NewFiring, { dueAt, now }: { readonly dueAt: number; readonly now: number }): Item {
  const { id } = firing.firing;
  return toItem(firingKey(id), firing, { ...due('firing', id, dueAt), ...expiry(now, keptSeconds) });
}

/** The condition of a write that nobody else may have made since it was read. */
export function unchanged(version: number): { ConditionExpression: string; ExpressionAttributeValues?: Item } {
  if (version === 0) return { ConditionExpression: 'attribute_not_exists(pk)' };
  return { ConditionExpression: 'version = :version', ExpressionAttributeValues: { ':version': version } };
}
