// Every route of the API, by the file that declares it. Handlers, OpenAPI and tests start from here.
import { adminRoutes } from './admin.ts';
import { automationRoutes } from './automations.ts';
import { globalLimitRoutes, tagLimitRoutes } from './concurrency-limits.ts';
import type { Routes } from './define-routes.ts';
import { deploymentRoutes } from './deployments.ts';
import { deploymentRunRoutes, flowRunRoutes, flowRunStateRoutes } from './flow-runs.ts';
import { flowRoutes } from './flows.ts';
import { logRoutes } from './logs.ts';
import { taskRunRoutes } from './task-runs.ts';
import { variableRoutes } from './variables.ts';
import { workerRoutes, workPoolRoutes } from './work-pools.ts';
import { poolQueueRoutes, workQueueRoutes } from './work-queues.ts';

export const allRoutes = {
  admin: adminRoutes,
  automations: automationRoutes,
  deploymentRuns: deploymentRunRoutes,
  deployments: deploymentRoutes,
  flowRunStates: flowRunStateRoutes,
  flowRuns: flowRunRoutes,
  flows: flowRoutes,
  globalLimits: globalLimitRoutes,
  logs: logRoutes,
  poolQueues: poolQueueRoutes,
  tagLimits: tagLimitRoutes,
  taskRuns: taskRunRoutes,
  variables: variableRoutes,
  workPools: workPoolRoutes,
  workQueues: workQueueRoutes,
  workers: workerRoutes,
} as const satisfies { readonly [resource: string]: Routes };
