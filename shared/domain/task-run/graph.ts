// The graph of a flow run: its task runs, the subflow runs in the place of those that stand for them, and who needs
// whose result. Source: Prefect's graph queries (`flow_run_graph_v2`, `read_task_run_dependencies`).
import type { Json } from '../json.ts';
import type { StateType } from '../run/state.ts';
import { isObject } from './event-fields.ts';
import type { TaskRun } from './task-run.ts';

/** A flow run that hangs on a task run. */
export type GraphChild = {
  readonly id: string;
  readonly parentTaskRunId: string;
  readonly label: string;
  readonly stateType: StateType;
  readonly startTime?: number;
  readonly expectedStartTime?: number;
  readonly endTime?: number;
};

export type GraphNode = {
  readonly kind: 'flow-run' | 'task-run';
  readonly id: string;
  readonly label: string;
  readonly stateType: StateType;
  readonly startTime: number;
  readonly endTime?: number;
  readonly parents: readonly string[];
  readonly children: readonly string[];
  /** The task runs that it ran inside of. */
  readonly encapsulating: readonly string[];
};

/** The inputs of a task run that are ids of others, `__parents__` apart: those it ran inside of. */
function inputIds({ taskInputs }: TaskRun): { readonly needed: readonly string[]; readonly around: readonly string[] } {
  const idsOf = (inputs: Json) =>
    Array.isArray(inputs)
      ? inputs.flatMap((input: Json) => (isObject(input) && typeof input['id'] === 'string' ? [input['id']] : []))
      : [];
  const needed = Object.entries(taskInputs).filter(([name]) => name !== encapsulation);
  return {
    needed: [...new Set(needed.flatMap(([, inputs]) => idsOf(inputs)))],
    around: [...new Set(idsOf(taskInputs[encapsulation] ?? null))],
  };
}

const encapsulation = '__parents__';

type Draft = Omit<GraphNode, 'parents' | 'children' | 'encapsulating'> & {
  readonly needed: readonly string[];
  readonly around: readonly string[];
};

/**
 * By start, then by end. A task run that stands for subflows is replaced by them; inputs that name it name none of the
 * nodes, as with Prefect, unless they name the subflow itself.
 *
 * @param since nodes that ended before are left out, epoch ms
 */
export function graphNodes(
  taskRuns: readonly TaskRun[],
  children: readonly GraphChild[],
  since: number,
): readonly GraphNode[] {
  const childrenOf = Map.groupBy(children, ({ parentTaskRunId }) => parentTaskRunId);
  const drafts = taskRuns.flatMap((taskRun) => draftsOf(taskRun, childrenOf.get(taskRun.id) ?? []));
  const known = new Set(drafts.map(({ id }) => id));
  const needing = new Map<string, string[]>();
  for (const { id, needed } of drafts) {
    for (const parent of needed.filter((other) => known.has(other))) {
      needing.set(parent, [...(needing.get(parent) ?? []), id]);
    }
  }
  return drafts
    .filter(({ endTime }) => endTime === undefined || endTime >= since)
    .toSorted(byTime)
    .map(({ needed, around, ...node }) => ({
      ...node,
      parents: needed.filter((id) => known.has(id)),
      children: needing.get(node.id) ?? [],
      encapsulating: around.filter((id) => known.has(id)),
    }));
}

function draftsOf(taskRun: TaskRun, children: readonly GraphChild[]): Draft[] {
  const inputs = inputIds(taskRun);
  if (children.length === 0) {
    const startTime = taskRun.startTime ?? taskRun.expectedStartTime;
    // A task whose result was cached never started: it ended when it was expected to begin.
    const endTime = taskRun.endTime ?? (taskRun.state.type === 'COMPLETED' ? taskRun.expectedStartTime : undefined);
    if (startTime === undefined) return [];
    const { id, name: label, state } = taskRun;
    return [{ kind: 'task-run', id, label, stateType: state.type, startTime, ...ended(endTime), ...inputs }];
  }
  return children.flatMap(({ id, label, stateType, ...times }) => {
    const startTime = times.startTime ?? times.expectedStartTime ?? taskRun.startTime ?? taskRun.expectedStartTime;
    if (startTime === undefined) return [];
    const endTime = times.endTime ?? taskRun.endTime;
    return [{ kind: 'flow-run' as const, id, label, stateType, startTime, ...ended(endTime), ...inputs }];
  });
}

function ended(endTime: number | undefined): { readonly endTime?: number } {
  return endTime === undefined ? {} : { endTime };
}

function byTime(one: Draft, other: Draft): number {
  return one.startTime - other.startTime || (one.endTime ?? 0) - (other.endTime ?? 0);
}

/** The task runs that this one takes results of, each once (graph v1). */
export function upstreamOf({ taskInputs }: TaskRun): readonly string[] {
  const inputs = Object.values(taskInputs).flatMap((list) => (Array.isArray(list) ? list : []));
  const ids = inputs.flatMap((input: Json) =>
    isObject(input) && input['input_type'] === 'task_run' && typeof input['id'] === 'string' ? [input['id']] : [],
  );
  return [...new Set(ids)];
}
