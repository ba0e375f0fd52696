// The graph of a flow run: its task runs, the subflow runs among them, artifacts and states.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { json, time, timeOrNull, timeText, uuid } from './scalars.ts';
import { state, stateType } from './states.ts';

const text = z.string().nullable();
const byId = z.object({ id: uuid });

const dependencyResult = z
  .object({
    id: z.string(),
    name: z.string(),
    upstream_dependencies: z.array(z.object({ input_type: z.literal('task_run'), id: z.string() })),
    state: state.nullable(),
    expected_start_time: timeOrNull,
    start_time: timeOrNull,
    end_time: timeOrNull,
    total_run_time: z.number().nullable(),
    estimated_run_time: z.number().nullable(),
    untrackable_result: z.boolean(),
  })
  .meta({ id: 'DependencyResult' });

const edge = z.object({ id: z.string() }).meta({ id: 'Edge' });

const graphArtifact = z
  .object({ id: z.string(), created: timeText, key: text, type: text, is_latest: z.boolean(), data: json })
  .meta({ id: 'GraphArtifact' });

const node = z
  .object({
    kind: z.enum(['flow-run', 'task-run']),
    id: z.string(),
    label: z.string(),
    state_type: stateType,
    start_time: timeText,
    end_time: timeOrNull,
    parents: z.array(edge),
    children: z.array(edge),
    encapsulating: z.array(edge),
    artifacts: z.array(graphArtifact),
  })
  .meta({ id: 'Node' });

const graph = z
  .object({
    start_time: timeOrNull,
    end_time: timeOrNull,
    root_node_ids: z.array(z.string()),
    nodes: z.array(z.tuple([z.string(), node])),
    artifacts: z.array(graphArtifact),
    states: z.array(
      z.object({ id: z.string(), timestamp: timeText, type: stateType, name: z.string() }).meta({ id: 'GraphState' }),
    ),
  })
  .meta({ id: 'Graph' });

export const flowRunGraphRoutes = defineRoutes({
  read_flow_run_graph_v1: {
    method: 'GET',
    path: '/flow_runs/{id}/graph',
    summary: 'The task runs of a flow run and what each of them depends on',
    status: 200,
    params: byId,
    response: z.array(dependencyResult),
    errors: ['not_found'],
  },
  read_flow_run_graph_v2: {
    method: 'GET',
    path: '/flow_runs/{id}/graph-v2',
    summary: 'The task runs and subflow runs of a flow run as a graph',
    status: 200,
    params: byId,
    query: z.object({ since: time.optional() }),
    response: graph,
    errors: ['not_found', 'bad_request'],
  },
});
