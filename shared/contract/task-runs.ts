// Task runs: recorded with the event sockets; until then there are none to list.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { deploymentFilter, flowFilter, flowRunFilter, taskRunFilter } from './filters.ts';
import { fields, jsonObject, limit, offset } from './scalars.ts';

const filters = {
  flows: flowFilter.nullish(),
  flow_runs: flowRunFilter.nullish(),
  task_runs: taskRunFilter.nullish(),
  deployments: deploymentFilter.nullish(),
};

export const taskRunRoutes = defineRoutes({
  count_task_runs: {
    method: 'POST',
    path: '/task_runs/count',
    summary: 'Count task runs',
    status: 200,
    body: fields(filters),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  read_task_runs: {
    method: 'POST',
    path: '/task_runs/filter',
    summary: 'List task runs',
    status: 200,
    body: fields({
      ...filters,
      sort: z
        .enum([
          'ID_DESC',
          'EXPECTED_START_TIME_ASC',
          'EXPECTED_START_TIME_DESC',
          'NAME_ASC',
          'NAME_DESC',
          'NEXT_SCHEDULED_START_TIME_ASC',
          'END_TIME_DESC',
        ])
        .meta({ id: 'TaskRunSort' })
        .optional(),
      limit,
      offset,
    }),
    response: z.array(jsonObject),
    errors: ['invalid_request'],
  },
});
