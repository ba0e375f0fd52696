// What people do in a world: they trigger runs, cancel, delete and retry them, resume what waits for them, and pause and
// change what runs keep to. All of it is drawn from the seed before the world begins.
import { isTerminal } from '../../../shared/domain/run/state.ts';
import { deleteRun } from '../../../shared/use-cases/delete-run.ts';
import { resumeRun } from '../../../shared/use-cases/resume-run.ts';
import { triggerRun } from '../../../shared/use-cases/trigger-run.ts';
import { wakeLanes } from '../../../shared/use-cases/wake-lanes.ts';
import type { Dice } from '../../differential/sequences/dice.ts';
import { ask, cancelling, clientVersion, peek, plain, propose } from './asking.ts';
import { containerFates, engineFates, type Fate, type Role } from './containers.ts';
import { type Place, pushPool, type Scene } from './scene.ts';
import type { World } from './world.ts';

export type Deed = 'cancel' | 'delete' | 'retry' | 'trigger-again' | 'none';

export type RunPlan = {
  readonly key: string;
  readonly place: Exclude<Place, 'scheduled'>;
  readonly triggerAfterMs: number;
  readonly retries: number;
  readonly role: Role;
  readonly deed: Deed;
  readonly deedAfterMs: number;
};

/** Within this all is asked for. */
export const spanMs = 600_000;

export function drawRuns(dice: Dice, count: number): RunPlan[] {
  const rushAt = dice.whole(0, spanMs);
  return Array.from({ length: count }, (_, at) => drawRun(dice, { key: `run-${at}`, rushAt }));
}

/** @param rushAt when several of them are wanted at once */
function drawRun(dice: Dice, { key, rushAt }: { readonly key: string; readonly rushAt: number }): RunPlan {
  const place = dice.one(['container', 'container', 'flow', 'flow', 'flow', 'hybrid', 'hybrid'] as const);
  const fate: Fate =
    place === 'flow'
      ? dice.one([...engineFates] as [Fate, ...Fate[]])
      : dice.one([...containerFates] as [Fate, ...Fate[]]);
  const drawn = dice.one(['none', 'none', 'none', 'cancel', 'delete', 'retry', 'trigger-again'] as const);
  // Whatever runs on until it is stopped must be stopped by somebody.
  const deed = fate === 'runs-on' && place !== 'hybrid' ? dice.one(['cancel', 'cancel', 'delete'] as const) : drawn;
  return {
    key,
    place,
    triggerAfterMs: dice.once(3) ? rushAt : dice.whole(0, spanMs),
    retries: fate === 'fails-once' ? 1 : dice.whole(0, 1),
    role: { isEngine: place === 'flow', fate, seconds: dice.whole(2, 90) },
    deed,
    deedAfterMs: dice.whole(100, 120_000),
  };
}

/** One person a run. */
export async function follow(world: World, scene: Scene, plan: RunPlan): Promise<void> {
  const { kernel, diary, dice } = world;
  await kernel.sleep(plan.triggerAfterMs);
  const runId = await trigger(world, scene, plan);
  if (runId === undefined) return;
  if (plan.role.fate === 'suspends' || plan.role.fate === 'pauses') void resume(world, runId);
  await kernel.sleep(plan.deedAfterMs);
  switch (plan.deed) {
    case 'trigger-again':
      await trigger(world, scene, plan);
      return;
    case 'cancel':
      await propose(world, { runId, state: cancelling, who: 'person' });
      return;
    case 'delete': {
      const given = await ask(world, (deps) => deleteRun(deps, runId));
      if (given !== undefined) diary.deleted.add(runId);
      diary.note(`person: deleted ${runId.slice(-6)}`);
      // The same key makes the same id: a run may be created again after its deletion.
      if (!dice.once(2)) return;
      await trigger(world, scene, plan);
      // At once, while the engine of the deleted run still has its last words to say, or later.
      if (dice.once(2)) await kernel.sleep(plan.deedAfterMs);
      await propose(world, { runId, state: cancelling, who: 'person' });
      return;
    }
    case 'retry':
      if (await isOver(world, runId)) {
        await propose(world, { runId, state: plain('SCHEDULED', 'AwaitingRetry'), who: 'person retries', force: true });
      }
      return;
    case 'none':
      return;
  }
}

export async function trigger(world: World, scene: Scene, plan: RunPlan): Promise<string | undefined> {
  const request = {
    deploymentId: scene.deployments[plan.place].id,
    idempotencyKey: plan.key,
    empiricalPolicy: { retries: plan.retries, retryDelaySeconds: 10, pauseKeys: [], resuming: false },
    ...(plan.triggerAfterMs % 4 === 0
      ? { state: { ...plain('SCHEDULED', 'Scheduled'), details: { scheduledTime: world.kernel.now() + 45_000 } } }
      : {}),
  };
  const given = await ask(world, (deps) => triggerRun(deps, request));
  if (given === undefined || given.answer.kind === 'refused') return undefined;
  const { run } = given.answer;
  world.diary.accepted.set(plan.key, new Set([...(world.diary.accepted.get(plan.key) ?? []), run.id]));
  world.diary.deleted.delete(run.id);
  world.diary.note(
    `person: triggered ${plan.key} (${plan.place}, ${plan.role.fate}, ${plan.deed}) = ${run.id.slice(-6)}`,
  );
  return run.id;
}

async function isOver(world: World, runId: string): Promise<boolean> {
  for (let look = 0; look < 120; look += 1) {
    const state = peek(world, runId)?.state;
    if (state !== undefined && isTerminal(state.type)) return true;
    await world.kernel.sleep(10_000);
  }
  return false;
}

async function resume(world: World, runId: string): Promise<void> {
  for (let look = 0; look < 180; look += 1) {
    await world.kernel.sleep(10_000);
    if (peek(world, runId)?.state.type !== 'PAUSED') continue;
    const given = await ask(world, (deps) => resumeRun(deps, { runId, clientVersion }));
    world.diary.note(`person: resumes ${runId.slice(-6)} → ${given?.answer?.status ?? 'no run'}`);
    return;
  }
}

/** Somebody pauses the push pool for a while, and the schedule ends after some runs. */
export async function minds(world: World, scene: Scene): Promise<void> {
  const { kernel, dice } = world;
  await kernel.sleep(dice.whole(60_000, spanMs));
  await setPaused(world, true);
  await kernel.sleep(dice.whole(20_000, 240_000));
  await setPaused(world, false);
  await kernel.sleep(dice.whole(600_000, 1_200_000));
  await endSchedule(world, scene);
}

export async function setPaused(world: World, isPaused: boolean): Promise<void> {
  await ask(world, async ({ catalogue, ...deps }) => {
    const pool = await catalogue.workPools.read(pushPool);
    if (pool === undefined || pool.isPaused === isPaused) return;
    if ((await catalogue.workPools.change(pool, { ...pool, isPaused })) === 'lost') throw new Error('planned race');
    if (!isPaused) await wakeLanes(deps, { workPoolName: pushPool });
  });
  world.diary.note(`person: pool ${isPaused ? 'paused' : 'resumed'}`);
}

export async function endSchedule(world: World, scene: Scene): Promise<void> {
  const { id } = scene.deployments.scheduled;
  world.diary.isScheduleOver = true;
  await ask(world, async ({ catalogue, hints, world: { now } }) => {
    const before = await catalogue.deployments.read(id);
    if (before?.plan === undefined || before.schedules.every(({ active }) => !active)) return;
    const schedules = before.schedules.map((schedule) => ({ ...schedule, active: false }));
    const plan = { ...before.plan, version: before.plan.version + 1, dueAt: now(), clearsLate: true as const };
    if ((await catalogue.deployments.change(before, { ...before, schedules, plan })) === 'lost')
      throw new Error('planned race');
    await hints.observe([{ kind: 'plan', deploymentId: id }]);
  });
  world.diary.note('person: the schedule is over');
}
