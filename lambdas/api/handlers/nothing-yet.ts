// What cannot be created yet: automations, concurrency limits, task runs. The client asks for them on its way, so
// they answer as a server does that has none.
import type { automationRoutes } from '../../../shared/contract/automations.ts';
import type { globalLimitRoutes, tagLimitRoutes } from '../../../shared/contract/concurrency-limits.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { taskRunRoutes } from '../../../shared/contract/task-runs.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound, Refusal } from '../refusal.ts';
import { windowOf } from './paging.ts';
import { placeTaskRun } from './place-task-run.ts';

/** An empty list, once its limits have been looked at. */
async function noneOf({ body }: { readonly body: Parameters<typeof windowOf>[0] }): Promise<[]> {
  windowOf(body);
  return [];
}

const none = async () => 0;

export const automationHandlers = {
  read_automations: noneOf,
  count_automations: none,
  read_automations_related_to_resource: async () => [],
  async delete_automations_owned_by_resource() {},
} satisfies Handlers<typeof automationRoutes, ApiDeps>;

export const tagLimitHandlers = {
  read_concurrency_limits: noneOf,
} satisfies Handlers<typeof tagLimitRoutes, ApiDeps>;

export const globalLimitHandlers = {
  read_all_concurrency_limits_v2: noneOf,
  async read_concurrency_limit_v2() {
    throw notFound('Concurrency Limit not found');
  },
  bulk_increment_active_slots: async () => [],
  bulk_increment_active_slots_with_lease: async (_request, { world }) => ({ lease_id: world.newId(), limits: [] }),
  bulk_decrement_active_slots: async () => [],
  async bulk_decrement_active_slots_with_lease() {},
  async renew_concurrency_lease() {
    throw new Refusal('gone', 'Lease not found - this usually means the lease has expired or been released');
  },
} satisfies Handlers<typeof globalLimitRoutes, ApiDeps>;

export const taskRunHandlers = {
  count_task_runs: none,
  create_task_run: placeTaskRun,
  read_task_runs: noneOf,
} satisfies Handlers<typeof taskRunRoutes, ApiDeps>;
