// Flows, pools, queues, workers, variables and log lines for the wire.
import type { z } from 'zod';
import type { flow } from '../../../shared/contract/flows.ts';
import type { logRoutes } from '../../../shared/contract/logs.ts';
import type { variableRoutes } from '../../../shared/contract/variables.ts';
import type { workerRoutes, workPool } from '../../../shared/contract/work-pools.ts';
import type { workQueue } from '../../../shared/contract/work-queues.ts';
import type { Flow, LogLine, Variable, Worker, WorkPool, WorkQueue } from '../../../shared/domain/catalogue.ts';
import { type Sha256, workPoolIdOf } from '../../../shared/domain/identity.ts';
import type { JsonObject } from '../../../shared/domain/json.ts';
import { workerStatus, workPoolStatus, workQueueStatus } from './status.ts';
import { isoOrNull, isoText } from './times.ts';

function kept(thing: { readonly id: string; readonly created: number; readonly updated: number }) {
  return { id: thing.id, created: isoText(thing.created), updated: isoText(thing.updated) };
}

/** Labels are booleans, numbers and texts: the contract let nothing else in. */
function plainLabels(labels: JsonObject): Record<string, boolean | number | string> {
  const entries = Object.entries(labels).flatMap(([key, value]): [string, boolean | number | string][] =>
    typeof value === 'object' ? [] : [[key, value]],
  );
  return Object.fromEntries(entries);
}

export function flowToWire(item: Flow): z.input<typeof flow> {
  return { ...kept(item), name: item.name, tags: [...item.tags], labels: plainLabels(item.labels) };
}

export type PoolView = {
  readonly workers: readonly Worker[];
  readonly activeSlots: number | undefined;
  readonly now: number;
};

export function workPoolToWire(pool: WorkPool, view: PoolView): z.input<typeof workPool> {
  return {
    ...kept(pool),
    name: pool.name,
    description: pool.description ?? null,
    type: pool.type,
    base_job_template: pool.baseJobTemplate,
    is_paused: pool.isPaused,
    concurrency_limit: pool.concurrencyLimit ?? null,
    active_slots: view.activeSlots ?? null,
    status: workPoolStatus(pool, view.workers, view.now),
    storage_configuration: {
      bundle_upload_step: null,
      bundle_execution_step: null,
      default_result_storage_block_id: null,
      ...pool.storageConfiguration,
    },
    default_queue_id: pool.defaultQueueId,
  };
}

export type QueueView = {
  readonly pool: WorkPool | undefined;
  readonly activeSlots: number | undefined;
  readonly now: number;
  readonly sha256: Sha256;
};

export function workQueueToWire(queue: WorkQueue, view: QueueView): z.input<typeof workQueue> {
  return {
    ...kept(queue),
    name: queue.name,
    description: queue.description ?? '',
    is_paused: queue.isPaused,
    concurrency_limit: queue.concurrencyLimit ?? null,
    active_slots: view.activeSlots ?? null,
    priority: queue.priority,
    work_pool_id: workPoolIdOf(view.sha256, queue.workPoolName),
    work_pool_name: queue.workPoolName,
    last_polled: isoOrNull(queue.lastPolled),
    status: workQueueStatus(queue, view.pool, view.now),
    filter: null,
  };
}

type WorkerWire = z.input<typeof workerRoutes.read_workers.response>[number];

export function workerToWire(worker: Worker, view: { readonly now: number; readonly sha256: Sha256 }): WorkerWire {
  return {
    ...kept(worker),
    name: worker.name,
    work_pool_id: workPoolIdOf(view.sha256, worker.workPoolName),
    last_heartbeat_time: isoText(worker.lastHeartbeat),
    heartbeat_interval_seconds: worker.heartbeatIntervalSeconds ?? null,
    status: workerStatus(worker, view.now),
  };
}

export function variableToWire(variable: Variable): z.input<typeof variableRoutes.read_variable.response> {
  return { ...kept(variable), name: variable.name, value: variable.value, tags: [...variable.tags] };
}

export function logToWire(line: LogLine): z.input<typeof logRoutes.read_logs.response>[number] {
  return {
    id: line.id,
    created: isoText(line.created),
    updated: isoText(line.created),
    name: line.name,
    level: line.level,
    message: line.message,
    timestamp: isoText(line.timestamp),
    flow_run_id: line.flowRunId ?? null,
    task_run_id: line.taskRunId ?? null,
  };
}
