// Prefect's filter objects for blocks and artifacts. Unknown fields are refused, as Prefect does.
import { z } from 'zod';
import { operator } from './filters.ts';
import { uuid } from './scalars.ts';

const ids = z.array(uuid).nullish();
const texts = z.array(z.string()).nullish();
const text = z.string().nullish();
const flag = z.boolean().nullish();
const anyId = z.strictObject({ any_: ids }).nullish();
const anyType = z.strictObject({ any_: texts, not_any_: texts }).nullish();
const anyKey = z.strictObject({ any_: texts, like_: text, exists_: flag }).nullish();

export const blockTypeFilter = z
  .strictObject({
    name: z.strictObject({ like_: text }).nullish(),
    slug: z.strictObject({ any_: texts }).nullish(),
  })
  .meta({ id: 'BlockTypeFilter' });

export const blockSchemaFilter = z
  .strictObject({
    operator,
    block_type_id: anyId,
    block_capabilities: z.strictObject({ all_: texts }).nullish(),
    id: anyId,
    version: z.strictObject({ any_: texts }).nullish(),
  })
  .meta({ id: 'BlockSchemaFilter' });

/** Anonymous documents are left out unless `is_anonymous` says otherwise, null included. */
export const blockDocumentFilter = z
  .strictObject({
    operator,
    id: anyId,
    is_anonymous: z.strictObject({ eq_: flag }).nullable().default({ eq_: false }),
    block_type_id: anyId,
    name: z.strictObject({ any_: texts, like_: text }).nullish(),
  })
  .meta({ id: 'BlockDocumentFilter' });

const artifactFields = { key: anyKey, flow_run_id: anyId, task_run_id: anyId, type: anyType };

export const artifactFilter = z.strictObject({ operator, id: anyId, ...artifactFields }).meta({ id: 'ArtifactFilter' });

export const artifactCollectionFilter = z
  .strictObject({ operator, latest_id: anyId, ...artifactFields })
  .meta({ id: 'ArtifactCollectionFilter' });
