// What the page of flows shows beside each flow.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { uiFlowRoutes } from '../../../shared/contract/flows.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { ApiDeps } from '../deps.ts';
import { isoText } from '../wire/times.ts';
import { eachRun } from './find-runs.ts';

export const uiFlowHandlers = {
  async count_deployments_by_flow({ body }, { catalogue }) {
    const counts = new Map(body.flow_ids.map((id) => [id, 0]));
    for (const { flowId } of await catalogue.deployments.list()) {
      const count = counts.get(flowId);
      if (count !== undefined) counts.set(flowId, count + 1);
    }
    return Object.fromEntries(counts);
  },

  async next_runs_by_flow({ body }, deps) {
    const next = new Map<string, Run>();
    const wanted = new Set(body.flow_ids);
    const walk = { order: 'ASC', after: deps.world.now(), types: ['SCHEDULED'] } as const;
    for await (const runs of eachRun(deps, walk)) {
      for (const run of runs) if (wanted.has(run.flowId) && !next.has(run.flowId)) next.set(run.flowId, run);
      if (next.size === wanted.size) break;
    }
    return Object.fromEntries(body.flow_ids.map((id) => [id, nextToWire(next.get(id))]));
  },
} satisfies Handlers<typeof uiFlowRoutes, ApiDeps>;

function nextToWire(run: Run | undefined) {
  const at = run?.nextScheduledStartTime ?? run?.expectedStartTime;
  if (run === undefined || at === undefined) return null;
  const { id, flowId, name, state } = run;
  return {
    id,
    flow_id: flowId,
    name,
    state_name: state.name,
    state_type: state.type,
    next_scheduled_start_time: isoText(at),
  };
}
