// How runs, their states and attempts lie in the control table: heads small, what is large beside them.

import type { Attempt } from '../../domain/run/attempt.ts';
import { isWaiting, laneOf, startsAt } from '../../domain/run/lane.ts';
import type { Lane, Run } from '../../domain/run/run.ts';
import { briefState, type RecentState, type State } from '../../domain/run/state.ts';
import { packAttempt, packHead, unpack } from './head-codec.ts';
import { fromItem, type Item, toItem } from './items.ts';
import {
  attemptKey,
  childrenKey,
  dueKey,
  format,
  laneAt,
  laneKey,
  laneShardOf,
  listAt,
  listKey,
  runChildKey,
  runHeadKey,
  runStateKey,
  shardOf,
} from './table.ts';

type StoredRun = Omit<Run, 'state'> & { readonly state: RecentState };

/** The head with the attributes that its indexes need; a run that is in no index has none of them. */
export function headItem(run: Run, writeId: string): Item {
  const shard = shardOf(run.id);
  const lane = laneOf(run);
  const stored: StoredRun = { ...run, state: briefState(run.state) };
  return {
    ...runHeadKey(run.id),
    format,
    doc: packHead(JSON.stringify(stored)),
    version: run.version,
    write_id: writeId,
    state_type: run.state.type,
    list_key: listKey(shard),
    list_at: listAt(run.expectedStartTime ?? run.created, run.id),
    ...(run.parentTaskRunId === undefined
      ? {}
      : { parent_key: childrenKey(run.parentTaskRunId), parent_at: listAt(run.created, run.id) }),
    ...(run.dueAt === undefined ? {} : { due_key: dueKey('run', shard), due_at: run.dueAt }),
    ...(lane !== undefined && isWaiting(run)
      ? { lane_key: laneKey(lane, laneShardOf(run.id)), lane_at: laneAt(startsAt(run), run.id), ...pumpLane(run, lane) }
      : {}),
  };
}

/** The clock hints a lane at the pump; runs without a pool are polled for by whoever serves their deployment. */
function pumpLane(run: Run, lane: Lane): Item {
  return run.workPoolName === undefined ? {} : { lane };
}

/**
 * What stays in a deleted head's place, so that attempt numbers never repeat for an id (rule 4): whoever creates the
 * run again has to put its head over this very item, and cannot miss it.
 */
export function tombstoneItem(runId: string, attempt: number, expiresAt: number): Item {
  return { ...runHeadKey(runId), format, last_attempt: attempt, expires_at: Math.ceil(expiresAt / 1000) };
}

/** Written before the child: one that never came to be is passed over. */
export function childItem(parentRunId: string, childId: string): Item {
  return { ...runChildKey(parentRunId, childId), format };
}

/** The last attempt of a deleted run, or undefined for a living one. */
export function buriedAttempt(item: Item): number | undefined {
  return item['last_attempt'] === undefined ? undefined : Number(item['last_attempt']);
}

/** The head as it is stored; a state that `isBeside` has to be read to have its data and whole message. */
export function runFromItem(item: Item): { readonly run: Run; readonly isStateBeside: boolean } {
  const { doc } = item;
  if (!(doc instanceof Uint8Array)) throw new Error(`item ${String(item['pk'])} has no head`);
  const { state, ...rest }: StoredRun = JSON.parse(unpack(doc));
  const { isBeside = false, ...plain } = state;
  return { run: { ...rest, state: plain }, isStateBeside: isBeside };
}

export function stateItem(runId: string, state: State): Item {
  return toItem(runStateKey(runId, state.id), state);
}

export function attemptItem(attempt: Attempt): Item {
  const isOpen = attempt.closed === undefined;
  return {
    ...attemptKey(attempt.runId, attempt.number),
    format,
    doc: packAttempt(JSON.stringify(attempt)),
    version: attempt.version,
    ...(attempt.expiresAt === undefined ? {} : { expires_at: Math.ceil(attempt.expiresAt / 1000) }),
    ...(isOpen && attempt.dueAt !== undefined
      ? {
          due_key: dueKey('attempt', shardOf(attempt.runId)),
          due_at: attempt.dueAt,
          cluster: attempt.cluster,
          ...(attempt.taskArn === undefined ? {} : { task_arn: attempt.taskArn }),
        }
      : {}),
  };
}

/** Attempts of earlier releases are text. */
export function attemptFromItem(item: Item): Attempt {
  const { doc } = item;
  return doc instanceof Uint8Array ? JSON.parse(unpack(doc)) : fromItem<Attempt>(item);
}
