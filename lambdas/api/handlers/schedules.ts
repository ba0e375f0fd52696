// The schedules of a deployment, one by one.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { deploymentRoutes } from '../../../shared/contract/deployments.ts';
import type { Deployment, DeploymentSchedule } from '../../../shared/domain/catalogue.ts';
import { changedSchedule, repeatedSlug, replacedSchedules } from '../../../shared/domain/deployment/schedules.ts';
import { replanned } from '../../../shared/domain/schedule/plan.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound, Refusal } from '../refusal.ts';
import { newestFirst, scheduleToWire } from '../wire/deployments.ts';
import { changing } from './changing.ts';
import { sentSchedule } from './deployment-change.ts';

const missing = 'Deployment not found.';

type Change = (before: Deployment) => readonly DeploymentSchedule[];

async function changeSchedules(
  deps: ApiDeps,
  id: string,
  { change, clearsLate = false }: { readonly change: Change; readonly clearsLate?: boolean },
): Promise<void> {
  const { deployments } = deps.catalogue;
  const changed = await changing({ read: () => deployments.read(id), write: deployments.change }, (before) => {
    const schedules = change(before);
    const repeated = repeatedSlug(schedules);
    if (repeated !== undefined) throw new Refusal('conflict', repeated);
    const now = deps.world.now();
    return replanned({ ...before, schedules, updated: now }, { now, clearsLate });
  });
  found(changed, missing);
  await deps.useCases.planRuns(id);
}

function scheduleOf(deployment: Deployment, id: string): DeploymentSchedule {
  return found(
    deployment.schedules.find((schedule) => schedule.id === id),
    'Schedule not found.',
  );
}

type ScheduleRoutes = Pick<
  typeof deploymentRoutes,
  | 'read_deployment_schedules'
  | 'create_deployment_schedules'
  | 'update_deployment_schedule'
  | 'delete_deployment_schedule'
>;

export const scheduleHandlers = {
  async read_deployment_schedules({ params }, { catalogue }) {
    const deployment = await catalogue.deployments.read(params.id);
    if (deployment === undefined) throw notFound(missing);
    return newestFirst(deployment.schedules).map(scheduleToWire);
  },

  async create_deployment_schedules({ params, body }, deps) {
    const owner = { deploymentId: params.id, now: deps.world.now(), newId: deps.world.newId };
    const fresh = replacedSchedules(
      body.map((schedule) => sentSchedule(schedule, owner.now)),
      owner,
    );
    if (!fresh.ok) throw new Refusal('conflict', fresh.problem);
    await changeSchedules(deps, params.id, { change: ({ schedules }) => [...schedules, ...fresh.schedules] });
    return fresh.schedules.map(scheduleToWire);
  },

  async update_deployment_schedule({ params, body }, deps) {
    const now = deps.world.now();
    const change: Change = (before) => {
      const changed = changedSchedule(scheduleOf(before, params.schedule_id), sentSchedule(body, now), now);
      return before.schedules.map((schedule) => (schedule.id === changed.id ? changed : schedule));
    };
    await changeSchedules(deps, params.id, { change });
  },

  async delete_deployment_schedule({ params }, deps) {
    const change: Change = (before) => {
      const removed = scheduleOf(before, params.schedule_id);
      return before.schedules.filter(({ id }) => id !== removed.id);
    };
    await changeSchedules(deps, params.id, { change, clearsLate: true });
  },
} satisfies Handlers<ScheduleRoutes, ApiDeps>;
