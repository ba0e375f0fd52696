// The store of deployments. An id is derived from flow and name, so `flow/name` is looked up by its id.
import type { Deployment } from '../../../domain/catalogue.ts';
import { deploymentIdOf, flowIdOf } from '../../../domain/identity.ts';
import type { Deployments } from '../../../ports/catalogue.ts';
import type { Item } from '../items.ts';
import { catalogueKey, cataloguePartitions, dueKey, shardOf } from '../table.ts';
import { type CatalogueOptions, createCollection } from './collection.ts';

export function createDeployments(options: CatalogueOptions): Deployments {
  const keyOf = (id: string) => catalogueKey('deployment', id);
  const items = createCollection<Deployment>(options, (deployment) => keyOf(deployment.id), planAttributes);
  const idOf = (flowName: string, name: string) =>
    deploymentIdOf(options.sha256, flowIdOf(options.sha256, flowName), name);

  return {
    create: items.create,
    read: (id) => items.readKey(keyOf(id)),
    readByName: (flowName, name) => items.readKey(keyOf(idOf(flowName, name))),
    list: () => items.listPartition(cataloguePartitions.deployment),
    change: items.change,
    remove: (id) => items.removeKey(keyOf(id)),
  };
}

/** The clock finds a deployment by when it must be planned; recorded runs are conditional on the plan's version. */
function planAttributes({ id, plan }: Deployment): Item {
  if (plan === undefined) return {};
  const due = plan.dueAt === undefined ? {} : { due_key: dueKey('plan', shardOf(id)), due_at: plan.dueAt };
  return { plan_version: plan.version, ...due };
}
