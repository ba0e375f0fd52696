// The access-pattern table: every key builder and index name of both tables stands here and nowhere else.
// Items carry `format`; a release reads what the one before wrote.
import { type controlTable, indexShards } from '../../config/resources.ts';
import type { Lane } from '../../domain/run/run.ts';
import type { DueItem } from '../../ports/runs.ts';

export const format = 1;

export type Key = { readonly pk: string; readonly sk: string };

export const indexNames = {
  due: 'due',
  lane: 'lane',
  runs: 'runs',
  parent: 'parent',
} as const satisfies { [Name in keyof typeof controlTable.indexes]: Name };

export const shards: readonly number[] = Array.from({ length: indexShards }, (_, shard) => shard);

/** Which of the N partitions of an index an id belongs to. */
export function shardOf(id: string): number {
  let sum = 0;
  for (let at = 0; at < id.length; at += 1) sum = (sum * 31 + id.charCodeAt(at)) % 65_521;
  return sum % indexShards;
}

/** Numbers as text that sorts as they do: epoch milliseconds up to the year 9999. */
function sortableNumber(value: number): string {
  return String(Math.max(0, Math.floor(value))).padStart(15, '0');
}

// runs: everything of one run in one partition

const runPartition = (runId: string) => `run#${runId}`;
export const runHeadKey = (runId: string): Key => ({ pk: runPartition(runId), sk: 'head' });
export const runBodyItemKey = (runId: string, bodyId: string): Key => ({
  pk: runPartition(runId),
  sk: `body#${bodyId}`,
});
/** Hidden once the run is deleted: the last attempt number, so that numbers never repeat for an id. */
export const runTombstoneKey = (runId: string): Key => ({ pk: runPartition(runId), sk: 'tombstone' });
export const statePrefix = 'state#';
export const runStateKey = (runId: string, stateId: string): Key => ({
  pk: runPartition(runId),
  sk: `${statePrefix}${stateId}`,
});
export const attemptPrefix = 'attempt#';
export const attemptKey = (runId: string, attempt: number): Key => ({
  pk: runPartition(runId),
  sk: `${attemptPrefix}${String(attempt).padStart(6, '0')}`,
});

/** Bodies and states: what goes with a deleted run. */
export const isRunDetailKey = ({ sk }: Key): boolean => sk.startsWith('body#') || sk.startsWith(statePrefix);
export const isRunHeadKey = ({ pk, sk }: Key): boolean => pk.startsWith('run#') && sk === 'head';
export const runIdOfPartition = (pk: string): string => pk.slice('run#'.length);

// index `due`: open obligations by time

export const dueKey = (kind: DueItem['kind'], shard: number): string => `${kind}#${shard}`;

// index `lane`: the runs that wait in a lane

const laneId = (lane: Lane): string => `${lane.workQueueId}/${lane.deploymentId ?? '-'}`;
export const laneText = (lane: Lane): string => `${lane.workPoolName}/${laneId(lane)}`;
/** Waiting runs come and go quickly and every pass of the pump reads all partitions of a lane: two will do. */
export const laneShards: readonly number[] = shards.slice(0, 2);
export const laneShardOf = (runId: string): number => shardOf(runId) % laneShards.length;
export const laneKey = (lane: Lane, shard: number): string => `${laneText(lane)}#${shard}`;
export const laneAt = (scheduledTime: number, runId: string): string => `${sortableNumber(scheduledTime)}#${runId}`;

export function laneAtParts(text: string): { scheduledTime: number; runId: string } {
  return { scheduledTime: Number(text.slice(0, 15)), runId: text.slice(16) };
}

// index `runs`: all runs by expected start

export const listKey = (shard: number): string => `runs#${shard}`;
export const listAt = (expectedStart: number, runId: string): string => `${sortableNumber(expectedStart)}#${runId}`;
export const listAtRunId = (text: string): string => text.slice(16);

// lanes: found by one query a pool

const lanePartition = (workPoolName: string) => `lanes#${workPoolName}`;
export const laneItemKey = (lane: Lane): Key => ({ pk: lanePartition(lane.workPoolName), sk: laneId(lane) });
export function laneFromItemKey({ pk, sk }: Key): Lane {
  const [workQueueId = '', deploymentId = '-'] = sk.split('/');
  const workPoolName = pk.slice('lanes#'.length);
  return deploymentId === '-' ? { workPoolName, workQueueId } : { workPoolName, workQueueId, deploymentId };
}
export const lanesOfPool = (workPoolName: string): string => lanePartition(workPoolName);

// admission: the pump's lease and the launch-time reservations

export const admissionKey: Key = { pk: 'admission', sk: 'admission' };

// publish: counter rows in one partition, a checkpoint per stream shard

export const countersPartition = 'counters';
export const counterKey = (row: readonly string[]): Key => ({ pk: countersPartition, sk: row.join('#') });
export const checkpointKey = (streamShard: string): Key => ({ pk: 'checkpoint', sk: streamShard });

// task definitions: our families that are known to be registered

export const familyKey = (family: string): Key => ({ pk: `family#${family}`, sk: 'family' });

// catalogue: one partition a kind, so a list is one consistent query; point reads spread by the sort key

export const cataloguePartitions = {
  flow: 'flow',
  deployment: 'deployment',
  workPool: 'work_pool',
  workQueue: 'work_queue',
  variable: 'variable',
  blockDocument: 'block_document',
} as const;
/** `name` is the id of the thing; pools and variables are known by their names. */
export const catalogueKey = (kind: keyof typeof cataloguePartitions, name: string): Key => ({
  pk: cataloguePartitions[kind],
  sk: name,
});
export const workersPartition = (workPoolName: string): string => `worker#${workPoolName}`;
export const workerKey = (workPoolName: string, name: string): Key => ({
  pk: workersPartition(workPoolName),
  sk: name,
});

// logs (bulk table): chunks of lines of one run, by the time of their first line

export const logsPartition = (runId: string): string => `logs#${runId}`;
export const logChunkKey = (runId: string, firstLineAt: number, chunkId: string): Key => ({
  pk: logsPartition(runId),
  sk: `${sortableNumber(firstLineAt)}#${chunkId}`,
});
