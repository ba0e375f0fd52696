// The whole catalogue on one table.
import type { Catalogue } from '../../../ports/catalogue.ts';
import { createBlockDocuments } from './block-documents.ts';
import { createBlockSchemas } from './block-schemas.ts';
import { createBlockTypes } from './block-types.ts';
import { createBlocks } from './blocks.ts';
import type { CatalogueOptions } from './collection.ts';
import { createDeployments } from './deployments.ts';
import { createFlows } from './flows.ts';
import { createSavedSearches } from './saved-searches.ts';
import { createSettings } from './settings.ts';
import { createVariables } from './variables.ts';
import { createWorkPools } from './work-pools.ts';
import { createWorkQueues } from './work-queues.ts';
import { createWorkers } from './workers.ts';

export type { CatalogueOptions };

export function createCatalogue(options: CatalogueOptions): Catalogue {
  const blockDocuments = createBlockDocuments(options);
  return {
    flows: createFlows(options),
    deployments: createDeployments(options),
    workPools: createWorkPools(options),
    workQueues: createWorkQueues(options),
    workers: createWorkers(options),
    variables: createVariables(options),
    blocks: createBlocks(options, blockDocuments),
    blockTypes: createBlockTypes(options),
    blockSchemas: createBlockSchemas(options),
    blockDocuments,
    savedSearches: createSavedSearches(options),
    settings: createSettings(options),
  };
}
