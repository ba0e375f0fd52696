// Flow runs: recorded, listed, moved by proposed states.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { flowRunRoutes, flowRunStateRoutes } from '../../../shared/contract/flow-runs.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound, Refusal } from '../refusal.ts';
import { emptyBody, type FlowRunWire, runToWire } from '../wire/flow-runs.ts';
import { proposedState, stateToWire, verdictToWire } from '../wire/states.ts';
import { answerCreation, askedRun } from './create-run.ts';
import { findRunState } from './find-run-state.ts';
import { countRuns, findRuns } from './find-runs.ts';
import { paged, pageWindow, windowOf } from './paging.ts';
import { patchOf } from './patch-run.ts';

const missing = 'Flow run not found';

/** Prefect's words where its models, not its routes, miss a run. */
function foundObject<T>(thing: T | undefined, runId: string): T {
  if (thing === undefined) throw new Refusal('object_not_found', `Flow run with id ${runId} not found`);
  return thing;
}

/** Runs with their bodies, read together. */
export async function wireOfRuns(deps: ApiDeps, runs: readonly Run[]): Promise<FlowRunWire[]> {
  const bodies = await deps.runs.readBodies(runs);
  const scene = { now: deps.world.now(), sha256: deps.world.sha256 };
  return runs.map((run) => runToWire(run, bodies.get(run.id) ?? emptyBody, scene));
}

export async function wireOfRun(deps: ApiDeps, run: Run): Promise<FlowRunWire> {
  const scene = { now: deps.world.now(), sha256: deps.world.sha256 };
  return runToWire(run, await deps.runs.readBody(run), scene);
}

export const flowRunHandlers = {
  async create_flow_run({ body, caller }, deps) {
    const { flow_id: flowId, flow_version: version, deployment_id: deployment, work_pool_name: pool } = body;
    const creation = await deps.useCases.createRun({
      ...askedRun(body, deps.world.now()),
      ...(caller === undefined ? {} : { caller }),
      flowId,
      ...(version ? { flowVersion: version } : {}),
      ...(deployment ? { deploymentId: deployment } : {}),
      ...(pool ? { workPoolName: pool } : {}),
    });
    return answerCreation(creation, (run) => wireOfRun(deps, run));
  },

  async update_flow_run({ params, body }, deps) {
    found(await deps.useCases.patchRun(params.id, await patchOf(deps, params.id, body)), missing);
  },

  count_flow_runs: ({ body }, deps) => countRuns(deps, body),

  async read_flow_run({ params }, deps) {
    return wireOfRun(deps, found(await deps.runs.read(params.id), missing));
  },

  async read_flow_runs({ body }, deps) {
    const { sort, limit, offset, ...filters } = body;
    return wireOfRuns(deps, await findRuns(deps, { filters, sort, window: windowOf({ limit, offset }) }));
  },

  async paginate_flow_runs({ body }, deps) {
    const { sort, limit, page, ...filters } = body;
    const window = pageWindow({ limit, page });
    const [runs, count] = await Promise.all([findRuns(deps, { filters, sort, window }), countRuns(deps, filters)]);
    return paged(await wireOfRuns(deps, runs), count, window);
  },

  async delete_flow_run({ params }, deps) {
    if (!(await deps.useCases.deleteRun(params.id))) throw notFound(missing);
  },

  async set_flow_run_state({ params, body, caller, client }, deps) {
    const answer = await deps.useCases.recordState({
      runId: params.id,
      proposed: proposedState(body.state, deps.world.now()),
      force: body.force,
      ...(caller === undefined ? {} : { caller }),
      ...(client.version === undefined ? {} : { clientVersion: client.version }),
    });
    const given = foundObject(answer, params.id);
    return { isNew: given.isNewState, value: verdictToWire(given, params.id) };
  },

  async update_flow_run_labels({ params, body }, deps) {
    foundObject(await deps.useCases.patchRun(params.id, { labels: body }), params.id);
  },
} satisfies Handlers<typeof flowRunRoutes, ApiDeps>;

export const flowRunStateHandlers = {
  async read_flow_run_state({ params }, deps) {
    const { runId, state } = found(await findRunState(deps, params.id), 'Flow run state not found');
    return stateToWire(state, runId);
  },

  async read_flow_run_states({ query }, { runs }) {
    const states = await runs.readStates(query.flow_run_id);
    return states.map((state) => stateToWire(state, query.flow_run_id));
  },
} satisfies Handlers<typeof flowRunStateRoutes, ApiDeps>;
