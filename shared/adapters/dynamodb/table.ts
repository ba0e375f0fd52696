// The access-pattern table: every key builder and index name of both tables stands here and nowhere else.
// Items carry `format`; a release reads what the one before wrote.
import { type controlTable, indexShards } from '../../config/resources.ts';
import type { Lane } from '../../domain/run/run.ts';
import type { ConnectionKind, ConnectionRef } from '../../ports/connections.ts';
import type { DueItem } from '../../ports/runs.ts';
import type { StatusKind, StatusRef } from '../../ports/statuses.ts';

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

const inputPrefix = 'input#';
export const runInputKey = (runId: string, key: string): Key => ({
  pk: runPartition(runId),
  sk: `${inputPrefix}${key}`,
});
export const runInputPrefix = (prefix: string): string => `${inputPrefix}${prefix}`;
/** In the parent's partition, so that what ends with a run is found by one consistent query. */
export const childPrefix = 'child#';
export const runChildKey = (parentRunId: string, childId: string): Key => ({
  pk: runPartition(parentRunId),
  sk: `${childPrefix}${childId}`,
});
export const childIdOf = (sk: string): string => sk.slice(childPrefix.length);
export const heartbeatKey = (runId: string): Key => ({ pk: runPartition(runId), sk: 'heartbeat' });

/** Bodies, states, inputs and signs of life: what goes with a deleted run. */
export const isRunDetailKey = ({ sk }: Key): boolean =>
  ['body#', statePrefix, inputPrefix, 'heartbeat'].some((prefix) => sk.startsWith(prefix));
/** Attempts and children: what may still be asked for while a task of the deleted run lives. */
export const isRunTraceKey = ({ sk }: Key): boolean => sk.startsWith(attemptPrefix) || sk.startsWith(childPrefix);
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

// index `parent`: the runs under one task run

export const childrenKey = (parentTaskRunId: string): string => `children#${parentTaskRunId}`;

// lanes: found by one query a pool

const lanePartition = (workPoolName: string) => `lanes#${workPoolName}`;
export const laneItemKey = (lane: Lane): Key => ({ pk: lanePartition(lane.workPoolName), sk: laneId(lane) });
export function laneFromItemKey({ pk, sk }: Key): Lane {
  const [workQueueId = '', deploymentId = '-'] = sk.split('/');
  const workPoolName = pk.slice('lanes#'.length);
  return deploymentId === '-' ? { workPoolName, workQueueId } : { workPoolName, workQueueId, deploymentId };
}
export const lanesOfPool = (workPoolName: string): string => lanePartition(workPoolName);

// admission: the pump's lease and the launch-time reservations; the pace of StopTask

export const admissionKey: Key = { pk: 'admission', sk: 'admission' };
export const stopPaceKey: Key = { pk: 'admission', sk: 'stops' };

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
/** Chunks whose first line came between these times, both included. */
export const logChunkBounds = (after: number, before: number): readonly [low: string, high: string] => [
  sortableNumber(after),
  `${sortableNumber(before)}~`,
];
export const logChunkIdOf = (sk: string): { readonly firstAt: number; readonly id: string } => ({
  firstAt: Number(sk.slice(0, 15)),
  id: sk.slice(16),
});
/** What does not fit into the chunk's own item: part 1, 2, … */
export const logPartsPartition = (ownerId: string): string => `log-parts#${ownerId}`;
export const logPartKey = (ownerId: string, chunkId: string, part: number): Key => ({
  pk: logPartsPartition(ownerId),
  sk: `${chunkId}#${String(part).padStart(3, '0')}`,
});

// events (bulk table): a day's events are spread over a few partitions by their ids, each sorted by time

const eventShards = 8;
export const eventShardNumbers: readonly number[] = Array.from({ length: eventShards }, (_, shard) => shard);
export const eventDayMs = 86_400_000;
export const eventDayOf = (occurred: number): number => Math.floor(occurred / eventDayMs);
export const eventsPartition = (day: number, shard: number): string => `events#${day}#${shard}`;
/** Whole microseconds since 1970, so that they sort as numbers do; what is before 1970 stands at its beginning. */
export const eventSortKey = (occurred: number, id = ''): string =>
  `${String(Math.max(0, Math.round(occurred * 1000))).padStart(17, '0')}#${id}`;
export const eventKey = (occurred: number, id: string): Key => ({
  pk: eventsPartition(eventDayOf(occurred), shardOf(id) % eventShards),
  sk: eventSortKey(occurred, id),
});
export function eventPlaceOf(sk: string): { readonly id: string; readonly occurred: number } {
  const at = sk.indexOf('#');
  return { occurred: Number(sk.slice(0, at)) / 1000, id: sk.slice(at + 1) };
}
/** What does not fit into the event's own item: part 1, 2, … */
export const eventPartKey = (id: string, part: number): Key => ({
  pk: `event-part#${id}`,
  sk: String(part).padStart(3, '0'),
});

// connections: open WebSockets of one kind, so that whoever has a frame for all of them finds them by one query

export const connectionsPartition = (kind: ConnectionKind): string => `connections#${kind}`;
export const connectionKey = ({ kind, id }: ConnectionRef): Key => ({ pk: connectionsPartition(kind), sk: id });

// large parts (bulk table): texts that no message can hold, in pieces that items can

export const largePartKey = (id: string, piece: number): Key => ({
  pk: `part#${id}`,
  sk: String(piece).padStart(3, '0'),
});

// limits: found by name, their ids lead to the names; slots are taken at a gate, which shares a partition with its
// holders; a lease leads to its holders

export const limitsPartition = 'limit';
export const limitKey = (name: string): Key => ({ pk: limitsPartition, sk: name });
export const limitIdKey = (id: string): Key => ({ pk: `limit_id#${id}`, sk: 'limit_id' });
export const gatePartition = (gateId: string): string => `slots#${gateId}`;
export const gateSortKey = 'gate';
export const gateKey = (gateId: string): Key => ({ pk: gatePartition(gateId), sk: gateSortKey });
export const holderPrefix = 'holder#';
export const slotHolderKey = (gateId: string, key: string): Key => ({
  pk: gatePartition(gateId),
  sk: `${holderPrefix}${key}`,
});
export const holderKeyOf = (sk: string): string => sk.slice(holderPrefix.length);
export const waitsSortKey = 'waits';
export const waitsKey = (gateId: string): Key => ({ pk: gatePartition(gateId), sk: waitsSortKey });
/** Somebody waits for slots of this gate. */
export const awaitedKey = (gateId: string): Key => ({ pk: gatePartition(gateId), sk: 'awaited' });
export const leaseKey = (leaseId: string): Key => ({ pk: `lease#${leaseId}`, sk: 'lease' });

// task runs: everything of one in one partition; a natural key belongs to one of them

export const taskRunPartition = (id: string): string => `task-run#${id}`;
/** Not `head`: task runs are none of publish's business (resources.ts, stream filter). */
export const taskRunKey = (id: string): Key => ({ pk: taskRunPartition(id), sk: 'task-run' });
export const taskRunIdOfPartition = (pk: string): string => pk.slice('task-run#'.length);
export const taskStatePrefix = 'state#';
export const taskStateKey = (id: string, state: { readonly id: string; readonly timestamp: number }): Key => ({
  pk: taskRunPartition(id),
  sk: `${taskStatePrefix}${microseconds(state.timestamp)}#${state.id}`,
});
export const taskInputsKey = (id: string, inputsId: string, piece: number): Key => ({
  pk: taskRunPartition(id),
  sk: `inputs#${inputsId}#${String(piece).padStart(3, '0')}`,
});
/** `hash` stands for flow run, task key and dynamic key, which may be long. */
export const taskNaturalKey = (hash: string): Key => ({ pk: `task-key#${hash}`, sk: 'task-key' });
/** Index `parent`: the task runs of a flow run by expected start, and a state by its id. */
export const tasksOfRunKey = (flowRunId: string): string => `tasks#${flowRunId}`;
export const taskStateIndexKey = (stateId: string): string => `task-state#${stateId}`;
/** Index `runs`, beside the flow runs. */
export const taskListKey = (shard: number): string => `task-runs#${shard}`;
export const taskCachePartition = (hash: string): string => `task-cache#${hash}`;
export const taskCacheKey = (hash: string, at: number, stateId: string): Key => ({
  pk: taskCachePartition(hash),
  sk: `${microseconds(at)}#${stateId}`,
});

// background tasks: the queue of each task, and the workers that are connected

export const taskQueuePartition = (hash: string): string => `task-queue#${hash}`;
export const taskQueueKey = (
  hash: string,
  task: { readonly isRetry: boolean; readonly queuedAt: number; readonly taskRunId: string },
): Key => ({
  pk: taskQueuePartition(hash),
  sk: `${task.isRetry ? 0 : 1}#${microseconds(task.queuedAt)}#${task.taskRunId}`,
});
export const taskWorkersPartition = 'task-workers';
export const taskWorkerKey = (connectionId: string): Key => ({ pk: taskWorkersPartition, sk: connectionId });

function microseconds(at: number): string {
  return String(Math.max(0, Math.round(at * 1000))).padStart(17, '0');
}

// blocks, saved searches and settings: kinds of the catalogue, one partition each

export const blockPartitions = {
  type: 'block_type',
  schema: 'block_schema',
  document: cataloguePartitions.blockDocument,
} as const;
/** By id. */
export const blockKey = (kind: keyof typeof blockPartitions, id: string): Key => ({
  pk: blockPartitions[kind],
  sk: id,
});
export const savedSearchPartition = 'saved_search';
export const savedSearchKey = (id: string): Key => ({ pk: savedSearchPartition, sk: id });
export const settingKey = (name: string): Key => ({ pk: 'setting', sk: name });

// artifacts: an item each, found by index `runs`; entries by key, flow run and task run; the latest of each key

export const artifactKey = (id: string): Key => ({ pk: `artifact#${id}`, sk: 'artifact' });
export const artifactListKey = (shard: number): string => `artifacts#${shard}`;
export const artifactPlace = (created: number, id: string): string => `${sortableNumber(created)}#${id}`;
export const artifactIdOfPlace = (place: string): string => place.slice(16);
export type ArtifactOwner = 'key' | 'flow_run' | 'task_run';
export const artifactsOfPartition = (owner: ArtifactOwner, value: string): string => `artifacts_of#${owner}#${value}`;
export const artifactOfKey = (owner: ArtifactOwner, value: string, place: string): Key => ({
  pk: artifactsOfPartition(owner, value),
  sk: place,
});
export const artifactCollectionsPartition = (shard: number): string => `artifact_collections#${shard}`;
export const artifactCollectionKey = (key: string): Key => ({
  pk: artifactCollectionsPartition(shardOf(key)),
  sk: `key#${key}`,
});
/** In the bulk table: what does not fit into the artifact's item, under the id of the write. */
export const artifactPartsPartition = (id: string): string => `artifact-data#${id}`;
export const artifactPartKey = (id: string, dataId: string, part: number): Key => ({
  pk: artifactPartsPartition(id),
  sk: `${dataId}#${String(part).padStart(3, '0')}`,
});

// statuses that were told: pools, queues and deployments in one partition, found through index `due` when their time is over

export const statusPartition = 'status';
export const statusKey = ({ kind, key }: StatusRef): Key => ({ pk: statusPartition, sk: `${kind}#${key}` });
const statusKinds: readonly StatusKind[] = ['work-pool', 'work-queue', 'deployment'];
export function statusRefOf(sk: string): StatusRef {
  const kind = statusKinds.find((candidate) => sk.startsWith(`${candidate}#`));
  if (kind === undefined) throw new Error(`no status has the key ${sk}`);
  return { kind, key: sk.slice(kind.length + 1) };
}
export const statusDueKey = (shard: number): string => `status#${shard}`;

// automations: one partition; a number that every write of one of them raises; what their triggers remember, each in a
// partition of its own; firings with the records of their actions

export const automationsPartition = 'automation';
export const automationKey = (id: string): Key => ({ pk: automationsPartition, sk: id });
export const automationsRevisionKey: Key = { pk: 'automations_revision', sk: 'revision' };
const triggerStatePrefix = 'trigger#';
/** Of a bucket `<trigger>#<hash of the values it is for>`, of a metric the trigger alone. */
export const triggerStateKey = (stateId: string): Key => ({ pk: `${triggerStatePrefix}${stateId}`, sk: 'state' });
export const triggerStateIdOf = (pk: string): string => pk.slice(triggerStatePrefix.length);
export const compositeKey = (triggerId: string): Key => ({ pk: `composite#${triggerId}`, sk: 'composite' });
export const metricSlotsPartition = (triggerId: string): string => `metric#${triggerId}`;
export const metricSlotKey = (triggerId: string, minute: number): Key => ({
  pk: metricSlotsPartition(triggerId),
  sk: sortableNumber(minute),
});
export const metricMinuteOf = (sk: string): number => Number(sk);
export const seenEventKey = (triggerId: string, eventId: string): Key => ({
  pk: `seen#${triggerId}#${eventId}`,
  sk: 'seen',
});
const firingPrefix = 'firing#';
export const firingPartition = (id: string): string => `${firingPrefix}${id}`;
export const firingKey = (id: string): Key => ({ pk: firingPartition(id), sk: 'firing' });
export const firingIdOfPartition = (pk: string): string => pk.slice(firingPrefix.length);
export const actionPrefix = 'action#';
export const firedActionKey = (id: string, index: number): Key => ({
  pk: firingPartition(id),
  sk: `${actionPrefix}${String(index).padStart(3, '0')}`,
});
export const actionIndexOf = (sk: string): number => Number(sk.slice(actionPrefix.length));
