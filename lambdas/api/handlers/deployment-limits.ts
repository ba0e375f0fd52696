// The limit that a deployment's runs keep to. `concurrency_limit` makes one of its own, `deployment:<id>`, as Prefect
// does; `global_concurrency_limit_id` names one that deployments may share. Its own goes when the deployment does.
import type { DeploymentCreate, DeploymentUpdate } from '../../../shared/contract/deployments.ts';
import type { Deployment } from '../../../shared/domain/catalogue.ts';
import { deploymentLimitName } from '../../../shared/domain/limit/limit.ts';
import {
  type LimitInUse,
  putDeploymentLimit,
  removeDeploymentLimit,
  withUse,
} from '../../../shared/use-cases/change-limits.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';

type Sent = Pick<DeploymentCreate | DeploymentUpdate, 'concurrency_limit' | 'global_concurrency_limit_id'>;
type Deps = Pick<ApiDeps, 'limits' | 'world'>;

/** The limit from now on; absent: it stays. */
export type LimitChange = { readonly limitId: string | undefined };

/** @throws Refusal invalid_request for two limits at once, not_found for one that is not there */
export async function checkLimits({ limits }: Deps, sent: Sent): Promise<void> {
  const { concurrency_limit: own, global_concurrency_limit_id: shared } = sent;
  if (own && shared) {
    const problem = 'A deployment cannot have both a concurrency limit and a global concurrency limit.';
    throw new Refusal('invalid_request', problem);
  }
  if (shared) found(await limits.read(shared), 'Concurrency limit not found');
}

export function changesLimit({ concurrency_limit: own, global_concurrency_limit_id: shared }: Sent): boolean {
  return own !== undefined || shared !== undefined;
}

/** Makes or changes the limit that is asked for, before the deployment is written that names it. */
export async function changeLimit(
  deps: Deps,
  deployment: Pick<Deployment, 'id' | 'concurrencyLimitId'>,
  sent: Sent,
): Promise<LimitChange | undefined> {
  const { concurrency_limit: own, global_concurrency_limit_id: shared } = sent;
  if (shared) return { limitId: shared };
  const { id: deploymentId, concurrencyLimitId: limitId } = deployment;
  if (own) {
    const known = limitId === undefined ? {} : { limitId };
    return { limitId: (await putDeploymentLimit(deps, { deploymentId, limit: own, ...known })).id };
  }
  return own === null || shared === null ? { limitId: undefined } : undefined;
}

export function withLimit(deployment: Deployment, change: LimitChange | undefined): Deployment {
  if (change === undefined) return deployment;
  const { concurrencyLimitId: _before, ...rest } = deployment;
  return change.limitId === undefined ? rest : { ...rest, concurrencyLimitId: change.limitId };
}

/** Once the deployment names it no longer. A limit that it shared stays: it is not a deployment's to delete. */
export async function dropLimit(deps: Deps, before: Pick<Deployment, 'id' | 'concurrencyLimitId'>): Promise<void> {
  if (before.concurrencyLimitId === undefined) return;
  const limit = await deps.limits.read(before.concurrencyLimitId);
  if (limit?.name === deploymentLimitName(before.id)) await removeDeploymentLimit(deps, before.id);
}

/** The limits of these deployments, by id. */
export async function limitsOf(
  deps: Deps,
  deployments: readonly Pick<Deployment, 'concurrencyLimitId'>[],
): Promise<ReadonlyMap<string, LimitInUse>> {
  const ids = [...new Set(deployments.flatMap(({ concurrencyLimitId: id }) => (id === undefined ? [] : [id])))];
  const limits = await Promise.all(ids.map((id) => deps.limits.read(id)));
  const used = await withUse(
    deps,
    limits.filter((limit) => limit !== undefined),
  );
  return new Map(used.map((use) => [use.limit.id, use]));
}
