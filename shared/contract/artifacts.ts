// Artifacts of runs, and the latest artifact of each key.
import { z } from 'zod';
import { artifactCollectionFilter, artifactFilter } from './catalogue-filters.ts';
import { defineRoutes } from './define-routes.ts';
import { deploymentFilter, flowFilter, flowRunFilter, taskRunFilter } from './filters.ts';
import { fields, json, limit, offset, timeOrNull, uuid } from './scalars.ts';

const textOrNull = z.string().nullable();

const kept = {
  id: z.string(),
  created: timeOrNull,
  updated: timeOrNull,
  type: textOrNull,
  description: textOrNull,
  data: json,
  metadata_: z.record(z.string(), z.string()).nullable(),
  flow_run_id: textOrNull,
  task_run_id: textOrNull,
};

export const artifact = z.object({ ...kept, key: textOrNull }).meta({ id: 'Artifact' });

export const artifactCollection = z
  .object({ ...kept, key: z.string(), latest_id: z.string() })
  .meta({ id: 'ArtifactCollection' });

const longestMetadata = 500;

/** Longer values are cut, as Prefect cuts them. */
const metadata = z
  .record(z.string(), z.string())
  .transform((given) => {
    const entries = Object.entries(given).map(([key, value]): [string, string] => {
      const characters = Array.from(value);
      return [key, characters.length > longestMetadata ? `${characters.slice(0, longestMetadata).join('')}...` : value];
    });
    return Object.fromEntries(entries);
  })
  .nullish();

/** An index holds 1,024 bytes a key; Prefect names no bound. */
const longestKey = 1_000;

const key = z
  .string()
  .max(longestKey)
  .refine((text) => /^[a-z0-9-]*$/.test(text), 'Artifact key must only contain lowercase letters, numbers, and dashes.')
  .nullish();

const sort = z.enum(['CREATED_DESC', 'UPDATED_DESC', 'ID_DESC', 'KEY_DESC', 'KEY_ASC']);

const runFilters = {
  flow_runs: flowRunFilter.nullish(),
  task_runs: taskRunFilter.nullish(),
  flows: flowFilter.nullish(),
  deployments: deploymentFilter.nullish(),
};
const filters = { artifacts: artifactFilter.nullish(), ...runFilters };
const latestFilters = { artifacts: artifactCollectionFilter.nullish(), ...runFilters };
const byId = z.object({ id: uuid });

export const artifactRoutes = defineRoutes({
  create_artifact: {
    method: 'POST',
    path: '/artifacts/',
    summary: 'Keep an artifact',
    status: 200,
    newStatus: 201,
    body: z
      .strictObject({
        key,
        type: z.string().nullish(),
        description: z.string().nullish(),
        data: json.optional(),
        metadata_: metadata,
        flow_run_id: uuid.nullish(),
        task_run_id: uuid.nullish(),
      })
      .meta({ id: 'ArtifactCreate' }),
    response: artifact,
    errors: ['invalid_request', 'too_large'],
  },
  read_artifact: {
    method: 'GET',
    path: '/artifacts/{id}',
    summary: 'Read an artifact',
    status: 200,
    params: byId,
    response: artifact,
    errors: ['not_found', 'too_large'],
  },
  read_latest_artifact: {
    method: 'GET',
    path: '/artifacts/{key}/latest',
    summary: 'Read the latest artifact of a key',
    status: 200,
    params: z.object({ key: z.string() }),
    response: artifact,
    errors: ['not_found', 'too_large'],
  },
  read_artifacts: {
    method: 'POST',
    path: '/artifacts/filter',
    summary: 'List artifacts',
    status: 200,
    body: fields({ ...filters, sort: sort.meta({ id: 'ArtifactSort' }).default('ID_DESC'), limit, offset }),
    response: z.array(artifact),
    errors: ['invalid_request', 'too_large'],
  },
  read_latest_artifacts: {
    method: 'POST',
    path: '/artifacts/latest/filter',
    summary: 'List the latest artifact of each key',
    status: 200,
    body: fields({
      ...latestFilters,
      sort: sort.meta({ id: 'ArtifactCollectionSort' }).default('ID_DESC'),
      limit,
      offset,
    }),
    response: z.array(artifactCollection),
    errors: ['invalid_request', 'too_large'],
  },
  count_artifacts: {
    method: 'POST',
    path: '/artifacts/count',
    summary: 'Count artifacts',
    status: 200,
    body: fields(filters),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  count_latest_artifacts: {
    method: 'POST',
    path: '/artifacts/latest/count',
    summary: 'Count keys of artifacts',
    status: 200,
    body: fields(latestFilters),
    response: z.number().int(),
    errors: ['invalid_request'],
  },
  update_artifact: {
    method: 'PATCH',
    path: '/artifacts/{id}',
    summary: 'Change an artifact',
    status: 204,
    params: byId,
    body: z
      .strictObject({ data: json.optional(), description: z.string().nullish(), metadata_: metadata })
      .meta({ id: 'ArtifactUpdate' }),
    errors: ['not_found', 'too_large'],
  },
  delete_artifact: {
    method: 'DELETE',
    path: '/artifacts/{id}',
    summary: 'Delete an artifact',
    status: 204,
    params: byId,
    errors: ['not_found'],
  },
});
