// The writes that move a run's head and its attempt, shared by changes, claims, closings and deletions:
// what is large lies beside the head first, what belongs to other stores is written in the head's own transaction.

import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { runHolderKey } from '../../domain/limit/limit.ts';
import type { Attempt } from '../../domain/run/attempt.ts';
import type { Run } from '../../domain/run/run.ts';
import { isLargeState } from '../../domain/run/state.ts';
import { trackerAfter } from '../../domain/run/tracker.ts';
import type { Along } from '../../ports/runs.ts';
import { world } from '../world.ts';
import type { DocumentClient } from './client.ts';
import type { Item } from './items.ts';
import { inputItem } from './run-inputs.ts';
import { attemptItem, headItem, stateItem } from './run-items.ts';
import { slotWrites } from './slot-writes.ts';
import { largeInputs } from './task-run-items.ts';
import { taskRunMoveItems } from './task-run-writes.ts';
import { createTaskRuns } from './task-runs.ts';
import { put } from './writes.ts';

export type RunStoreOptions = {
  readonly client: DocumentClient;
  readonly table: string;
  readonly newId: () => string;
  readonly now: () => number;
};

export type ConditionalPut = {
  readonly TableName: string;
  readonly Item: Item;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeValues: Item;
};

export async function putAll(client: DocumentClient, table: string, items: readonly Item[]): Promise<void> {
  await Promise.all(items.map((Item) => put(client, { TableName: table, Item })));
}

/** A large state has its item before a head names it. */
export function besideItems(run: Run): Item[] {
  return isLargeState(run.state) ? [stateItem(run.id, run.state)] : [];
}

/**
 * What must lie beside the head before it moves: a large state that comes, and the states that leave the head.
 * Only states marked `left` are history: one written for a head that lost its race never was.
 */
export function leavingItems(before: Run, after: Run): Item[] {
  if (before.state.id === after.state.id) return [];
  const kept = new Set(after.recentStates.map(({ id }) => id));
  const leaving = before.recentStates.filter(({ id, isBeside }) => !kept.has(id) && isBeside !== true);
  // A large state is marked as soon as another follows it, while its whole text is at hand.
  const past = isLargeState(before.state) ? [...leaving, before.state] : leaving;
  return [...past.map((state) => ({ ...stateItem(before.id, state), left: true })), ...besideItems(after)];
}

export function headChange(
  table: string,
  change: { readonly before: Run; readonly after: Run; readonly writeId: string },
): ConditionalPut {
  const { before, after, writeId } = change;
  return {
    TableName: table,
    Item: headItem({ ...after, version: before.version + 1 }, writeId),
    // The second half makes a repeat of our own write (its reply was lost) a success.
    ConditionExpression: 'version = :before OR write_id = :mine',
    ExpressionAttributeValues: { ':before': before.version, ':mine': writeId },
  };
}

export function attemptChange(
  table: string,
  { before, after }: { readonly before: Attempt; readonly after: Attempt },
): ConditionalPut {
  return {
    TableName: table,
    Item: attemptItem({ ...after, version: before.version + 1 }),
    ConditionExpression: 'version = :before',
    ExpressionAttributeValues: { ':before': before.version },
  };
}

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

export function alongWrites(table: string, { slots, input }: Along): TransactItem[] {
  const answer = input === undefined ? [] : [{ Put: { TableName: table, Item: inputItem(input) } }];
  return [...(slots === undefined ? [] : slotWrites(table, slots)), ...answer];
}

/** Slots that a head lists no longer are given back in the transaction that says so, whoever moved the head. */
export function givenSlots(table: string, before: Run, after: Run | undefined): TransactItem[] {
  const isOtherLease = before.slot !== undefined && before.slot.leaseId !== after?.slot?.leaseId;
  const kept = new Set([after?.slot?.limitId, ...(after?.placeGateIds ?? [])]);
  const held = [...(before.slot === undefined ? [] : [before.slot.limitId]), ...(before.placeGateIds ?? [])];
  const give = held.filter((gateId) => !kept.has(gateId)).map((gateId) => ({ gateId, key: runHolderKey(before.id) }));
  return slotWrites(table, { take: [], give, ...(isOtherLease ? { endedLeaseId: before.slot.leaseId } : {}) });
}

/** Slots of pool and queue that follow the task: they go with the attempt. */
export function slotsOfAttempt(table: string, { runId, placeGateIds = [] }: Attempt): TransactItem[] {
  const give = placeGateIds.map((gateId) => ({ gateId, key: runHolderKey(runId) }));
  return slotWrites(table, { take: [], give });
}

/** The task run that stands for a subflow in its parent moves with it: Prefect's UpdateSubflowParentTask. */
export async function trackerWrites(
  { client, table, newId }: RunStoreOptions,
  before: Run | undefined,
  after: Run,
): Promise<TransactItem[]> {
  if (after.parentTaskRunId === undefined || before?.state.id === after.state.id) return [];
  const options = { client, table, newId, sha256: world.sha256 };
  const tracker = await createTaskRuns(options).read(after.parentTaskRunId);
  if (tracker === undefined) return [];
  const moved = trackerAfter(tracker, after, newId());
  return taskRunMoveItems(options, { before: tracker, after: moved, inputs: largeInputs(moved, world.sha256)?.ref });
}
