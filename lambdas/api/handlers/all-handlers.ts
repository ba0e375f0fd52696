// Every handler by the table that declares its route: a table without its handlers does not compile.
import type { allRoutes } from '../../../shared/contract/all-routes.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { ApiDeps } from '../deps.ts';
import { adminHandlers } from './admin.ts';
import { deploymentRunHandlers } from './deployment-runs.ts';
import { deploymentHandlers } from './deployments.ts';
import { flowRunHandlers, flowRunStateHandlers } from './flow-runs.ts';
import { flowHandlers } from './flows.ts';
import { logHandlers } from './logs.ts';
import { automationHandlers, globalLimitHandlers, tagLimitHandlers, taskRunHandlers } from './nothing-yet.ts';
import { variableHandlers } from './variables.ts';
import { workerHandlers, workPoolHandlers } from './work-pools.ts';
import { poolQueueHandlers, workQueueHandlers } from './work-queues.ts';

const allHandlers = {
  admin: adminHandlers,
  automations: automationHandlers,
  deploymentRuns: deploymentRunHandlers,
  deployments: deploymentHandlers,
  flowRunStates: flowRunStateHandlers,
  flowRuns: flowRunHandlers,
  flows: flowHandlers,
  globalLimits: globalLimitHandlers,
  logs: logHandlers,
  poolQueues: poolQueueHandlers,
  tagLimits: tagLimitHandlers,
  taskRuns: taskRunHandlers,
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
