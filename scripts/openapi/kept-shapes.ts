// Where schemas differ from Prefect's on purpose: the beginning of each sentence of the drift check, with the reason.
// Rule: one that is no longer needed fails the check.

type KeptShape = { readonly reason: string; readonly differences: readonly string[] };

export const keptShapes: readonly KeptShape[] = [
  {
    reason: 'only the settings that exist here are answered',
    differences: ['GET /admin/settings: response'],
  },
  {
    reason: 'the fields of each kind are checked one by one, by rules that a schema of all kinds cannot say',
    differences: ['POST /automations/: request.actions[]', 'POST /automations/: response.actions[]'],
  },
  {
    reason: 'metric triggers, which Prefect’s open server refuses, are served',
    differences: [
      'POST /automations/: request.trigger',
      'POST /automations/: response.trigger.posture may be Metric, Proactive, Reactive, Prefect’s Proactive, Reactive',
      'POST /automations/: response.trigger.type may be compound, event, metric, sequence, Prefect’s compound, event, sequence',
    ],
  },
  {
    reason: 'no token is ever handed out',
    differences: ['GET /csrf-token: response'],
  },
  {
    reason: 'seconds are taken as numbers, too, as Prefect’s server takes them',
    differences: [
      'POST /deployments/: request.schedules[].schedule.interval is number or string, Prefect’s string',
      'POST /flow_runs/history: request.history_interval_seconds is number or string, Prefect’s number',
    ],
  },
  {
    reason: 'the contract leaves its fields open: it is stored as it was sent, or made of few fixed fields',
    differences: [
      'POST /deployments/: response.concurrency_options',
      'POST /deployments/: response.schedules[].schedule',
      'POST /deployments/get_scheduled_flow_runs: response[].created_by is any, Prefect’s null or object',
      'POST /deployments/get_scheduled_flow_runs: response[].created_by',
      'POST /deployments/get_scheduled_flow_runs: response[].empirical_policy',
      'POST /deployments/get_scheduled_flow_runs: response[].state.state_details.run_input_keyset is any, Prefect’s null or object',
      'GET /deployments/{id}/work_queue_check: response[].filter is any or null, Prefect’s null or object',
      'GET /deployments/{id}/work_queue_check: response[].filter',
      'POST /task_runs/: response.empirical_policy',
      'POST /work_pools/: response.storage_configuration',
    ],
  },
  {
    reason: 'the fields are the types of states',
    differences: ['POST /ui/task_runs/count: response'],
  },
  {
    reason: 'any JSON is answered as it was stored',
    differences: [
      'POST /variables/: response.value is any, Prefect’s array or boolean or integer or null or number or object or string',
    ],
  },
];

/** The differences that nobody decided to keep, and the decisions that nothing asks for. */
export function notKept(differences: readonly string[], kept: readonly KeptShape[] = keptShapes): string[] {
  const starts = kept.flatMap((group) => group.differences);
  return [
    ...differences.filter((difference) => !starts.some((start) => difference.startsWith(start))),
    ...starts
      .filter((start) => !differences.some((difference) => difference.startsWith(start)))
      .map((start) => `no difference is "${start}" any more: scripts/openapi/kept-shapes.ts`),
  ];
}
