// What happened to flow runs over time: histories by state, lateness, and the small form that the page draws.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import {
  deploymentFilter,
  everyFilter,
  flowFilter,
  flowRunFilter,
  taskRunFilter,
  workPoolFilter,
  workQueueFilter,
} from './filters.ts';
import { flowRunSort } from './flow-runs.ts';
import { historyRequest, historyResponse } from './history.ts';
import { fields, notNegative, timeText } from './scalars.ts';
import { stateType } from './states.ts';

const common = {
  flows: flowFilter.nullish(),
  flow_runs: flowRunFilter.nullish(),
  task_runs: taskRunFilter.nullish(),
  deployments: deploymentFilter.nullish(),
  work_pools: workPoolFilter.nullish(),
};

const simpleFlowRun = z
  .object({
    id: z.string(),
    state_type: stateType,
    /** When it started, or should have. */
    timestamp: timeText,
    /** Seconds. */
    duration: z.number(),
    lateness: z.number(),
  })
  .meta({ id: 'SimpleFlowRun' });

export const flowRunHistoryRoutes = defineRoutes({
  flow_run_history: {
    method: 'POST',
    path: '/flow_runs/history',
    summary: 'Count runs by state, over intervals of their expected start',
    status: 200,
    body: fields({ ...historyRequest, ...common, work_queues: workQueueFilter.nullish() }),
    response: z.array(historyResponse),
    errors: ['invalid_request'],
  },
  average_flow_run_lateness: {
    method: 'POST',
    path: '/flow_runs/lateness',
    summary: 'How many seconds later than expected runs started on average',
    status: 200,
    body: fields(everyFilter),
    response: z.number().nullable(),
    errors: ['invalid_request'],
  },
});

export const flowRunPageRoutes = defineRoutes({
  read_flow_run_history: {
    method: 'POST',
    path: '/ui/flow_runs/history',
    summary: 'List runs with their duration and lateness, for drawing',
    status: 200,
    body: fields({
      ...common,
      sort: flowRunSort.default('EXPECTED_START_TIME_DESC'),
      limit: z.number().int().max(1000).default(1000),
      offset: notNegative.default(0),
    }),
    response: z.array(simpleFlowRun),
    errors: ['invalid_request'],
  },
});
