// Why a flow run is not running.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { flowRunExplanationRoutes } from '../../../shared/contract/flow-run-explanation.ts';
import type { Json } from '../../../shared/domain/json.ts';
import type { ApiDeps } from '../deps.ts';
import { found } from '../refusal.ts';
import { startLatencyToWire } from '../wire/start-latency.ts';

export const flowRunExplanationHandlers = {
  async explain_flow_run({ params }, { useCases }) {
    const { run, explanation, latency } = found(await useCases.explainRun(params.id), 'Flow run not found');
    const { reason, sentence, evidence } = explanation;
    return {
      flow_run_id: run.id,
      state_type: run.state.type,
      state_name: run.state.name,
      reason,
      sentence,
      evidence: Object.fromEntries(
        Object.entries(evidence).filter((entry): entry is [string, Json] => entry[1] !== undefined),
      ),
      attempt: run.attempt === 0 ? null : run.attempt,
      start_latency: latency === undefined ? null : startLatencyToWire(latency),
    };
  },
} satisfies Handlers<typeof flowRunExplanationRoutes, ApiDeps>;
