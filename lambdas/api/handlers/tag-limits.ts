// Limits on task tags: the global limits named `tag:<tag>`, with the task runs that hold their slots.
import type { tagLimitRoutes } from '../../../shared/contract/concurrency-limits.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import { type Limit, tagLimitName, tagOfLimit } from '../../../shared/domain/limit/limit.ts';
import { canBeName } from '../../../shared/domain/limit/request.ts';
import { tagWaitSeconds } from '../../../shared/domain/limit/waiting.ts';
import {
  createLimit,
  endHolders,
  removeLimit,
  resetLimit,
  updateLimit,
  withUse,
} from '../../../shared/use-cases/change-limits.ts';
import { releaseTaskSlots, secureTaskSlots } from '../../../shared/use-cases/tag-slots.ts';
import type { ApiDeps } from '../deps.ts';
import { found, Refusal } from '../refusal.ts';
import { minimalLimit, tagLimitToWire } from '../wire/limits.ts';
import { announceLimit } from './announce-limit.ts';
import { cut, windowOf } from './paging.ts';

const missing = 'Concurrency limit not found';

async function findByTag({ limits }: Pick<ApiDeps, 'limits'>, tag: string): Promise<Limit | undefined> {
  const name = tagLimitName(tag);
  return canBeName(name) ? limits.readByName(name) : undefined;
}

async function wireOf(deps: ApiDeps, limit: Limit | undefined) {
  const [used] = await withUse(deps, [found(limit, missing)]);
  return tagLimitToWire(found(used, missing), deps.world.now());
}

async function removeWithLeases(deps: ApiDeps, find: () => Promise<Limit | undefined>): Promise<void> {
  const removed = found(await removeLimit(deps, find), missing);
  await endHolders(deps, removed.id);
  await announceLimit(deps, 'deleted', removed);
}

export const tagLimitHandlers = {
  async create_concurrency_limit({ body }, deps) {
    const name = tagLimitName(body.tag);
    const created = await createLimit(deps, { name, limit: body.concurrency_limit });
    if (created !== undefined) {
      await announceLimit(deps, 'created', created);
      return { isNew: true, value: await wireOf(deps, created) };
    }
    const changed = await updateLimit(deps, () => deps.limits.readByName(name), { limit: body.concurrency_limit });
    if (typeof changed !== 'object') {
      throw new Refusal(
        'unavailable',
        `the limit on tag ${body.tag} was removed while it was changed, please try again`,
      );
    }
    await announceLimit(deps, 'updated', changed);
    return { isNew: false, value: await wireOf(deps, changed) };
  },

  async read_concurrency_limit({ params }, deps) {
    const limit = await deps.limits.read(params.id);
    return wireOf(deps, limit !== undefined && tagOfLimit(limit.name) === undefined ? undefined : limit);
  },

  async read_concurrency_limit_by_tag({ params }, deps) {
    return wireOf(deps, await findByTag(deps, params.tag));
  },

  async read_concurrency_limits({ body }, deps) {
    const window = windowOf(body);
    const tagged = (await deps.limits.list()).filter(({ name }) => tagOfLimit(name) !== undefined);
    const now = deps.world.now();
    return (await withUse(deps, cut(tagged, window))).map((used) => tagLimitToWire(used, now));
  },

  async reset_concurrency_limit_by_tag({ params, body }, deps) {
    const limit = found(await findByTag(deps, params.tag), missing);
    await resetLimit(deps, limit, body.slot_override ?? []);
  },

  async delete_concurrency_limit({ params }, deps) {
    await removeWithLeases(deps, () => deps.limits.read(params.id));
  },

  async delete_concurrency_limit_by_tag({ params }, deps) {
    await removeWithLeases(deps, () => findByTag(deps, params.tag));
  },

  async increment_concurrency_limits_v1({ body }, deps) {
    const answer = await secureTaskSlots(deps, { taskRunId: body.task_run_id, tags: body.names });
    // A limit of 0 has no Retry-After: the client takes that for a no, not for a wait.
    if (answer.kind === 'abort') throw new Refusal('locked', answer.reason);
    if (answer.kind === 'wait') {
      const [tag] = answer.tags;
      const reason = `Concurrency limit for the ${tag ?? ''} tag has been reached`;
      throw new Refusal('locked', reason, { retryAfterSeconds: tagWaitSeconds });
    }
    return answer.limits
      .filter(({ active }) => active)
      .map((limit) => ({ ...minimalLimit(limit), name: tagOfLimit(limit.name) ?? limit.name }));
  },

  async decrement_concurrency_limits_v1({ body }, deps) {
    return (await releaseTaskSlots(deps, { taskRunId: body.task_run_id, tags: body.names })).map(minimalLimit);
  },
} satisfies Handlers<typeof tagLimitRoutes, ApiDeps>;
