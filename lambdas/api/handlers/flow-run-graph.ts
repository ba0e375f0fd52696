// The graph of a flow run: its task runs, the subflow runs among them, artifacts and states.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { flowRunGraphRoutes } from '../../../shared/contract/flow-run-graph.ts';
import { inTaskRunOrder } from '../../../shared/domain/filter/task-run-order.ts';
import { type GraphChild, type GraphNode, graphNodes, upstreamOf } from '../../../shared/domain/task-run/graph.ts';
import { otherDetail, type TaskRun } from '../../../shared/domain/task-run/task-run.ts';
import { estimatedRunTimeMs, taskStateToWire } from '../../../shared/domain/task-run/to-wire.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { isoOrNull, isoText } from '../wire/times.ts';
import { type GraphArtifact, graphArtifacts } from './graph-artifacts.ts';

/** Prefect's `server.api.max_graph_nodes`. */
const mostNodes = 10_000;

async function taskRunsOf({ taskRuns }: ApiDeps, flowRunId: string): Promise<readonly TaskRun[]> {
  const ids = await taskRuns.ofFlowRun(flowRunId, mostNodes + 1);
  if (ids.length > mostNodes) {
    throw new Refusal('bad_request', `The graph of flow run ${flowRunId} has more than ${mostNodes} nodes.`);
  }
  return taskRuns.readMany(ids);
}

async function childrenOf({ runs, catalogue }: ApiDeps, taskRuns: readonly TaskRun[]): Promise<readonly GraphChild[]> {
  const ids = taskRuns.flatMap(({ childFlowRunIds = [] }) => childFlowRunIds);
  if (ids.length === 0) return [];
  const children = await runs.readMany(ids);
  const flowIds = [...new Set(children.map(({ flowId }) => flowId))];
  const flows = await Promise.all(flowIds.map((id) => catalogue.flows.read(id)));
  const names = new Map(flows.flatMap((flow) => (flow === undefined ? [] : [[flow.id, flow.name] as const])));
  return children.flatMap(({ id, parentTaskRunId, name, flowId, state, startTime, expectedStartTime, endTime }) => {
    if (parentTaskRunId === undefined) return [];
    const times = {
      ...(startTime === undefined ? {} : { startTime }),
      ...(expectedStartTime === undefined ? {} : { expectedStartTime }),
      ...(endTime === undefined ? {} : { endTime }),
    };
    return [{ id, parentTaskRunId, label: `${names.get(flowId) ?? ''} / ${name}`, stateType: state.type, ...times }];
  });
}

type Artifacts = readonly GraphArtifact[];

function nodeToWire(node: GraphNode, artifacts: Artifacts) {
  const edges = (ids: readonly string[]) => ids.map((id) => ({ id }));
  return {
    kind: node.kind,
    id: node.id,
    label: node.label,
    state_type: node.stateType,
    start_time: isoText(node.startTime),
    end_time: isoOrNull(node.endTime),
    parents: edges(node.parents),
    children: edges(node.children),
    encapsulating: edges(node.encapsulating),
    artifacts: artifacts.filter(({ taskRunId }) => taskRunId === node.id).map(artifactToWire),
  };
}

function artifactToWire(artifact: GraphArtifact) {
  return {
    id: artifact.id,
    created: isoText(artifact.created),
    key: artifact.key ?? null,
    type: artifact.type ?? null,
    is_latest: artifact.isLatest,
    data: artifact.data ?? null,
  };
}

export const flowRunGraphHandlers = {
  async read_flow_run_graph_v1({ params }, deps) {
    found(await deps.runs.read(params.id), `Flow run with id ${params.id} not found`);
    const now = deps.world.now();
    return inTaskRunOrder(await taskRunsOf(deps, params.id), 'ID_DESC').map((taskRun) => ({
      id: taskRun.id,
      name: taskRun.name,
      upstream_dependencies: upstreamOf(taskRun).map((id) => ({ input_type: 'task_run' as const, id })),
      state: taskStateToWire(taskRun.state, taskRun),
      expected_start_time: isoOrNull(taskRun.expectedStartTime),
      start_time: isoOrNull(taskRun.startTime),
      end_time: isoOrNull(taskRun.endTime),
      total_run_time: taskRun.totalRunTimeMs / 1000,
      estimated_run_time: estimatedRunTimeMs(taskRun, now) / 1000,
      untrackable_result: otherDetail(taskRun.state, 'untrackable_result') === true,
    }));
  },

  async read_flow_run_graph_v2({ params, query }, deps) {
    const run = found(await deps.runs.read(params.id), `Flow run ${params.id} not found`);
    const taskRuns = await taskRunsOf(deps, params.id);
    const [children, artifacts, states] = await Promise.all([
      childrenOf(deps, taskRuns),
      graphArtifacts(deps.artifacts, params.id),
      deps.runs.readStates(params.id),
    ]);
    const nodes = graphNodes(taskRuns, children, query.since ?? Number.NEGATIVE_INFINITY);
    return {
      start_time: isoOrNull(run.startTime ?? run.expectedStartTime),
      end_time: isoOrNull(run.endTime),
      root_node_ids: nodes.filter(({ parents }) => parents.length === 0).map(({ id }) => id),
      nodes: nodes.map((node): [string, ReturnType<typeof nodeToWire>] => [node.id, nodeToWire(node, artifacts)]),
      artifacts: artifacts.filter(({ taskRunId }) => taskRunId === undefined).map(artifactToWire),
      states: states.map(({ id, timestamp, type, name }) => ({ id, timestamp: isoText(timestamp), type, name })),
    };
  },
} satisfies Handlers<typeof flowRunGraphRoutes, ApiDeps>;
