// The history of a world as the checker reads it: what the log of changes says of heads, attempts and holders, write by
// write, beside the truth that only the model of ECS knows.
import { attemptFromItem } from '../../../shared/adapters/dynamodb/run-items.ts';
import {
  admissionKey,
  attemptPrefix,
  isRunHeadKey,
  runIdOfPartition,
} from '../../../shared/adapters/dynamodb/table.ts';
import type { Attempt } from '../../../shared/domain/run/attempt.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { ModelTask } from '../stage/model-ecs.ts';
import type { Change } from './database-types.ts';
import type { Item } from './expressions.ts';
import { headOf } from './publisher.ts';
import type { World } from './world.ts';

export type HeadMove = { readonly kind: 'head'; readonly runId: string; readonly before?: Run; readonly after?: Run };
export type AttemptMove = { readonly kind: 'attempt'; readonly before?: Attempt; readonly after?: Attempt };
export type HolderMove = {
  readonly kind: 'holder';
  readonly gateId: string;
  readonly key: string;
  readonly until: number | undefined;
  readonly isThere: boolean;
};
/** Whatever else is written under a version. */
export type VersionMove = {
  readonly kind: 'version';
  readonly name: string;
  readonly from: number;
  readonly to: number;
};
export type Move = (HeadMove | AttemptMove | HolderMove | VersionMove) & {
  readonly at: number;
  readonly by: string;
  readonly number: number;
};

export function movesOf(changes: readonly Change[]): Move[] {
  return changes.flatMap((change) => {
    const move = moveOf(change);
    return move === undefined ? [] : [{ ...move, at: change.time, by: change.by, number: change.number }];
  });
}

/** A repeat of our own write, or a mere attribute beside the document: nothing moved. */
function isSame(before: Item | undefined, after: Item | undefined): boolean {
  const [was, is] = [before?.['doc'], after?.['doc']];
  if (was instanceof Uint8Array && is instanceof Uint8Array) return Buffer.compare(was, is) === 0;
  return was !== undefined && was === is;
}

function moveOf({ key, before, after, time }: Change): HeadMove | AttemptMove | HolderMove | VersionMove | undefined {
  if (isSame(before, after)) return undefined;
  if (isRunHeadKey(key)) {
    const [was, is] = [headOf(before), headOf(after)];
    return { kind: 'head', runId: runIdOfPartition(key.pk), ...(was && { before: was }), ...(is && { after: is }) };
  }
  if (key.pk.startsWith('run#') && key.sk.startsWith(attemptPrefix)) {
    const isOfFormerLife = Number(before?.['expires_at'] ?? Number.POSITIVE_INFINITY) * 1000 <= time;
    return {
      kind: 'attempt',
      ...(before && !isOfFormerLife && { before: attemptFromItem(before) }),
      ...(after && { after: attemptFromItem(after) }),
    };
  }
  if (key.pk === admissionKey.pk && before !== undefined && after !== undefined) {
    return { kind: 'version', name: key.sk, from: Number(before['version']), to: Number(after['version']) };
  }
  if (!key.pk.startsWith('slots#') || !key.sk.startsWith('holder#')) return undefined;
  const until = after?.['until'];
  return {
    kind: 'holder',
    gateId: key.pk.slice('slots#'.length),
    key: key.sk.slice('holder#'.length),
    until: typeof until === 'number' ? until : undefined,
    isThere: after !== undefined,
  };
}

/** Tasks by run and attempt, as their `startedBy` says, and by how often the run's tombstone had been swept. */
export function tasksByAttempt({ ecs, tables }: Pick<World, 'ecs' | 'tables'>): ReadonlyMap<string, ModelTask[]> {
  const swept = tables.changes.filter(({ by, key }) => by === 'ttl' && isRunHeadKey(key));
  return Map.groupBy(ecs.tasks, ({ startedBy, createdAt }) => {
    const [runId = '', attempt] = startedBy.split('/').slice(2);
    const lives = swept.filter(({ key, time }) => runIdOfPartition(key.pk) === runId && time <= createdAt).length;
    return `${runId}/${attempt}/${lives}`;
  });
}

export const attemptName = ({ runId, number }: Pick<Attempt, 'runId' | 'number'>): string => `${runId}/${number}`;
