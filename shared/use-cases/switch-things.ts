// Pauses and resumes what runs wait for: deployments (with their schedules), work pools and work queues.
// Idempotent: a thing that is paused already is paused again, and what waits is woken once more.
import type { Deployment, WorkPool, WorkQueue } from '../domain/catalogue.ts';
import { replanned } from '../domain/schedule/plan.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Write } from '../ports/runs.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import { type WakeDeps, wakeLanes } from './wake-lanes.ts';

export type SwitchDeps = WakeDeps & {
  readonly catalogue: Pick<Catalogue, 'deployments' | 'workPools' | 'workQueues'>;
  /** Records what the schedules of a deployment have ahead. */
  readonly planRuns: (deploymentId: string) => Promise<void>;
};

type Store<T> = {
  readonly read: () => Promise<T | undefined>;
  readonly write: (before: T, after: T) => Promise<Write>;
};

async function change<T>({ read, write }: Store<T>, decide: (before: T) => T, what: string): Promise<T | undefined> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const before = await read();
    if (before === undefined) return undefined;
    const after = decide(before);
    if ((await write(before, after)) === 'written') return after;
  }
  throw new ContentionError(what);
}

/** @returns undefined when there is no such deployment */
export async function switchDeployment(deps: SwitchDeps, id: string, paused: boolean): Promise<Deployment | undefined> {
  const { deployments } = deps.catalogue;
  const now = deps.world.now();
  const store = { read: () => deployments.read(id), write: deployments.change };
  const after = await change(
    store,
    (before) => replanned({ ...before, paused, updated: now }, { now, clearsLate: paused }),
    `deployment ${id}`,
  );
  if (after !== undefined) await deps.planRuns(id);
  return after;
}

/** @returns undefined when there is no such pool */
export async function switchWorkPool(deps: SwitchDeps, name: string, isPaused: boolean): Promise<WorkPool | undefined> {
  const { workPools } = deps.catalogue;
  const store = { read: () => workPools.read(name), write: workPools.change };
  const after = await change(
    store,
    (before) => ({ ...before, isPaused, updated: deps.world.now() }),
    `work pool ${name}`,
  );
  if (after !== undefined && !isPaused) await wakeLanes(deps, { workPoolName: name });
  return after;
}

/** @returns undefined when there is no such queue */
export async function switchWorkQueue(deps: SwitchDeps, id: string, isPaused: boolean): Promise<WorkQueue | undefined> {
  const { workQueues } = deps.catalogue;
  const store = { read: () => workQueues.read(id), write: workQueues.change };
  const after = await change(
    store,
    (before) => ({ ...before, isPaused, updated: deps.world.now() }),
    `work queue ${id}`,
  );
  if (after !== undefined && !isPaused) {
    await wakeLanes(deps, { workPoolName: after.workPoolName, workQueueId: id });
  }
  return after;
}
