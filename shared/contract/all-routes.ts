// Every route of the API, by the file that declares it. Handlers, OpenAPI and tests start from here.
import { adminRoutes } from './admin.ts';
import { artifactRoutes } from './artifacts.ts';
import { attemptRoutes } from './attempts.ts';
import { automationRoutes } from './automations.ts';
import { blockDocumentRoutes } from './block-documents.ts';
import { blockCapabilityRoutes, blockSchemaRoutes, blockTypeRoutes } from './blocks.ts';
import { automationTemplateRoutes, schemaCheckRoutes, templateRoutes } from './checks.ts';
import { globalLimitRoutes, tagLimitRoutes } from './concurrency-limits.ts';
import { concurrencyStatusRoutes } from './concurrency-status.ts';
import type { Routes } from './define-routes.ts';
import { deploymentRoutes } from './deployments.ts';
import { eventRoutes } from './events.ts';
import { flowRunActionRoutes } from './flow-run-actions.ts';
import { flowRunExplanationRoutes } from './flow-run-explanation.ts';
import { flowRunGraphRoutes } from './flow-run-graph.ts';
import { flowRunHistoryRoutes, flowRunPageRoutes } from './flow-run-history.ts';
import { deploymentRunRoutes, flowRunRoutes, flowRunStateRoutes } from './flow-runs.ts';
import { flowRoutes, uiFlowRoutes } from './flows.ts';
import { limitHolderRoutes } from './limit-holders.ts';
import { flowRunLogRoutes, logRoutes } from './logs.ts';
import { savedSearchRoutes } from './saved-searches.ts';
import { slipwayRoutes } from './slipway.ts';
import { taskRunRoutes, taskRunStateRoutes } from './task-runs.ts';
import { taskWorkerRoutes, uiTaskRunRoutes } from './ui-task-runs.ts';
import { variableRoutes } from './variables.ts';
import { workerRoutes, workPoolRoutes } from './work-pools.ts';
import { poolQueueRoutes, workQueueRoutes } from './work-queues.ts';

export const allRoutes = {
  admin: adminRoutes,
  artifacts: artifactRoutes,
  attempts: attemptRoutes,
  automationTemplates: automationTemplateRoutes,
  automations: automationRoutes,
  blockCapabilities: blockCapabilityRoutes,
  blockDocuments: blockDocumentRoutes,
  blockSchemas: blockSchemaRoutes,
  blockTypes: blockTypeRoutes,
  concurrencyStatus: concurrencyStatusRoutes,
  deploymentRuns: deploymentRunRoutes,
  deployments: deploymentRoutes,
  events: eventRoutes,
  flowRunExplanations: flowRunExplanationRoutes,
  flowRunGraphs: flowRunGraphRoutes,
  flowRunActions: flowRunActionRoutes,
  flowRunHistory: flowRunHistoryRoutes,
  flowRunPage: flowRunPageRoutes,
  flowRunLogs: flowRunLogRoutes,
  flowRunStates: flowRunStateRoutes,
  flowRuns: flowRunRoutes,
  flows: flowRoutes,
  globalLimits: globalLimitRoutes,
  limitHolders: limitHolderRoutes,
  logs: logRoutes,
  poolQueues: poolQueueRoutes,
  savedSearches: savedSearchRoutes,
  schemaChecks: schemaCheckRoutes,
  slipway: slipwayRoutes,
  tagLimits: tagLimitRoutes,
  taskRunStates: taskRunStateRoutes,
  taskRuns: taskRunRoutes,
  taskWorkers: taskWorkerRoutes,
  uiTaskRuns: uiTaskRunRoutes,
  templates: templateRoutes,
  uiFlows: uiFlowRoutes,
  variables: variableRoutes,
  workPools: workPoolRoutes,
  workQueues: workQueueRoutes,
  workers: workerRoutes,
} as const satisfies { readonly [resource: string]: Routes };
