// Every handler by the table that declares its route: a table without its handlers does not compile.
import type { allRoutes } from '../../../shared/contract/all-routes.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { ApiDeps } from '../deps.ts';
import { adminHandlers } from './admin.ts';
import { artifactHandlers } from './artifacts.ts';
import { attemptHandlers } from './attempts.ts';
import { automationHandlers } from './automations.ts';
import { blockDocumentHandlers } from './block-documents.ts';
import { blockCapabilityHandlers, blockSchemaHandlers } from './block-schemas.ts';
import { blockTypeHandlers } from './block-types.ts';
import { automationTemplateHandlers, schemaCheckHandlers, templateHandlers } from './checks.ts';
import { concurrencyStatusHandlers } from './concurrency-status.ts';
import { deploymentRunHandlers } from './deployment-runs.ts';
import { deploymentHandlers } from './deployments.ts';
import { eventHandlers } from './events.ts';
import { flowRunActionHandlers } from './flow-run-actions.ts';
import { flowRunExplanationHandlers } from './flow-run-explanation.ts';
import { flowRunGraphHandlers } from './flow-run-graph.ts';
import { flowRunHistoryHandlers, flowRunPageHandlers } from './flow-run-history.ts';
import { flowRunHandlers, flowRunStateHandlers } from './flow-runs.ts';
import { flowHandlers } from './flows.ts';
import { globalLimitHandlers } from './global-limits.ts';
import { limitHolderHandlers } from './limit-holders.ts';
import { flowRunLogHandlers, logHandlers } from './logs.ts';
import { savedSearchHandlers } from './saved-searches.ts';
import { slipwayHandlers } from './slipway.ts';
import { tagLimitHandlers } from './tag-limits.ts';
import { taskRunHandlers, taskRunStateHandlers } from './task-runs.ts';
import { uiFlowHandlers } from './ui-flows.ts';
import { taskWorkerHandlers, uiTaskRunHandlers } from './ui-task-runs.ts';
import { variableHandlers } from './variables.ts';
import { workerHandlers, workPoolHandlers } from './work-pools.ts';
import { poolQueueHandlers, workQueueHandlers } from './work-queues.ts';

const allHandlers = {
  admin: adminHandlers,
  artifacts: artifactHandlers,
  attempts: attemptHandlers,
  automationTemplates: automationTemplateHandlers,
  automations: automationHandlers,
  blockCapabilities: blockCapabilityHandlers,
  blockDocuments: blockDocumentHandlers,
  blockSchemas: blockSchemaHandlers,
  blockTypes: blockTypeHandlers,
  concurrencyStatus: concurrencyStatusHandlers,
  deploymentRuns: deploymentRunHandlers,
  deployments: deploymentHandlers,
  events: eventHandlers,
  flowRunExplanations: flowRunExplanationHandlers,
  flowRunGraphs: flowRunGraphHandlers,
  flowRunActions: flowRunActionHandlers,
  flowRunHistory: flowRunHistoryHandlers,
  flowRunPage: flowRunPageHandlers,
  flowRunLogs: flowRunLogHandlers,
  flowRunStates: flowRunStateHandlers,
  flowRuns: flowRunHandlers,
  flows: flowHandlers,
  globalLimits: globalLimitHandlers,
  limitHolders: limitHolderHandlers,
  logs: logHandlers,
  poolQueues: poolQueueHandlers,
  savedSearches: savedSearchHandlers,
  schemaChecks: schemaCheckHandlers,
  slipway: slipwayHandlers,
  tagLimits: tagLimitHandlers,
  taskRunStates: taskRunStateHandlers,
  taskRuns: taskRunHandlers,
  taskWorkers: taskWorkerHandlers,
  uiTaskRuns: uiTaskRunHandlers,
  templates: templateHandlers,
  uiFlows: uiFlowHandlers,
  variables: variableHandlers,
  workPools: workPoolHandlers,
  workQueues: workQueueHandlers,
  workers: workerHandlers,
} satisfies { readonly [Resource in keyof typeof allRoutes]: Handlers<(typeof allRoutes)[Resource], ApiDeps> };

type AnyHandler = (request: object, deps: ApiDeps) => Promise<unknown>;

/** The handler of a route that the router found; the request must be parsed by that very route. */
export function handlerOf({ resource, name }: { readonly resource: string; readonly name: string }): AnyHandler {
  const table = new Map<string, object>(Object.entries(allHandlers)).get(resource);
  const handler: unknown = table === undefined ? undefined : Reflect.get(table, name);
  if (typeof handler !== 'function') throw new Error(`route ${resource}.${name} has no handler`);
  return async (request, deps) => handler(request, deps);
}
