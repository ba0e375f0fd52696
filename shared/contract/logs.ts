// Log lines, kept by run.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { logFilter } from './filters.ts';
import { fields, limit, offset, time, timeOrNull, timeText, uuid } from './scalars.ts';

const log = z
  .object({
    id: z.string(),
    created: timeOrNull,
    updated: timeOrNull,
    name: z.string(),
    level: z.number().int(),
    message: z.string(),
    timestamp: timeText,
    flow_run_id: z.string().nullable(),
    task_run_id: z.string().nullable(),
  })
  .meta({ id: 'Log' });

const logCreate = z
  .strictObject({
    name: z.string(),
    level: z.number().int(),
    message: z.string(),
    timestamp: time,
    flow_run_id: uuid.nullish(),
    task_run_id: uuid.nullish(),
  })
  .meta({ id: 'LogCreate' });

const logSort = z.enum(['TIMESTAMP_ASC', 'TIMESTAMP_DESC']).meta({ id: 'LogSort' });

export const logRoutes = defineRoutes({
  create_logs: {
    method: 'POST',
    path: '/logs/',
    summary: 'Add log lines',
    status: 201,
    body: z.array(logCreate),
    errors: ['invalid_request', 'too_large'],
  },
  read_logs: {
    method: 'POST',
    path: '/logs/filter',
    summary: 'List log lines of runs that are named',
    status: 200,
    body: fields({ logs: logFilter.nullish(), sort: logSort.default('TIMESTAMP_ASC'), limit, offset }),
    response: z.array(log),
    errors: ['invalid_request'],
  },
});

export const flowRunLogRoutes = defineRoutes({
  download_logs: {
    method: 'GET',
    path: '/flow_runs/{id}/logs/download',
    summary: "Download a run's log as a CSV file",
    status: 200,
    params: z.object({ id: uuid }),
    response: z.object({ text: z.string(), fileName: z.string() }),
    mediaType: 'text/csv; charset=utf-8',
    isFile: true,
    errors: ['not_found', 'too_large'],
  },
});
