// The schedules of a deployment, one by one, and runs recorded by them on demand.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { fields, millisecond, uuid } from './scalars.ts';
import { deploymentSchedule, scheduleCreate, scheduleUpdate } from './schedules.ts';

const byId = z.object({ id: uuid });
const bySchedule = z.object({ id: uuid, schedule_id: uuid });

export const scheduleRoutes = defineRoutes({
  schedule_deployment: {
    method: 'POST',
    path: '/deployments/{id}/schedule',
    summary: 'Record runs of the schedules of a deployment, for some time ahead or past',
    status: 200,
    params: byId,
    body: fields({
      start_time: millisecond.nullish(),
      end_time: millisecond.nullish(),
      min_time: z.number().nullish(),
      min_runs: z.number().int().nullish(),
      max_runs: z.number().int().nullish(),
    }),
    errors: ['invalid_request'],
  },
  read_deployment_schedules: {
    method: 'GET',
    path: '/deployments/{id}/schedules',
    summary: 'List the schedules of a deployment',
    status: 200,
    params: byId,
    response: z.array(deploymentSchedule),
    errors: ['not_found'],
  },
  create_deployment_schedules: {
    method: 'POST',
    path: '/deployments/{id}/schedules',
    summary: 'Add schedules to a deployment',
    status: 201,
    params: byId,
    body: z.array(scheduleCreate),
    response: z.array(deploymentSchedule),
    errors: ['not_found', 'conflict', 'too_large'],
  },
  update_deployment_schedule: {
    method: 'PATCH',
    path: '/deployments/{id}/schedules/{schedule_id}',
    summary: 'Change a schedule of a deployment',
    status: 204,
    params: bySchedule,
    body: scheduleUpdate,
    errors: ['not_found', 'conflict', 'too_large'],
  },
  delete_deployment_schedule: {
    method: 'DELETE',
    path: '/deployments/{id}/schedules/{schedule_id}',
    summary: 'Remove a schedule of a deployment',
    status: 204,
    params: bySchedule,
    errors: ['not_found'],
  },
});
