// What whoever runs the stack does in a world: freezes launches for a while, goes back to a backup, and comes again when
// what was deleted has long expired.
import { deleteRun } from '../../../shared/use-cases/delete-run.ts';
import { freezeLaunches, thawLaunches } from '../../../shared/use-cases/freeze-launches.ts';
import { ask, cancelling, peek, plain, propose } from './asking.ts';
import { endSchedule, type RunPlan, setPaused, spanMs, trigger } from './people.ts';
import type { Scene } from './scene.ts';
import type { World } from './world.ts';

const again = plain('SCHEDULED', 'AwaitingRetry');

const minute = 60_000;
const day = 24 * 60 * minute;

/** From the answer to freeze until somebody asks to thaw no RunTask may be sent. */
export async function freezeForAWhile(world: World): Promise<void> {
  const { kernel, dice, diary } = world;
  await kernel.sleep(dice.whole(minute, 2 * spanMs));
  if ((await ask(world, (deps) => freezeLaunches(deps, 'maintenance'))) === undefined) return;
  diary.freezes.push({ from: kernel.now() });
  diary.note('operator: launches are frozen');
  await kernel.sleep(dice.whole(20_000, 180_000));
  await thaw(world);
}

/** Whoever thaws ends every freeze, his own and others'; what is frozen meanwhile may be ended by him or not. */
async function thaw(world: World): Promise<void> {
  const { kernel, diary } = world;
  for (const freeze of diary.freezes) freeze.until ??= kernel.now();
  await ask(world, (deps) => thawLaunches(deps));
  for (const freeze of diary.freezes) freeze.until ??= freeze.from;
  diary.note('operator: launches go on');
}

/** Runs of the minutes that a restored table has lost, whose tasks are there when it is matched with ECS. */
export const lostRuns: readonly RunPlan[] = ['lost-0', 'lost-1', 'lost-2', 'lost-3', 'lost-4'].map((key) => ({
  key,
  place: 'container',
  triggerAfterMs: 1,
  retries: 0,
  role: { isEngine: false, fate: 'succeeds', seconds: 15 * 60 },
  deed: 'none',
  deedAfterMs: 0,
}));

/** Ten minutes are lost; then whoever asked for something asks again, as the runbook says. */
export async function goBack(world: World, scene: Scene, plans: readonly RunPlan[]): Promise<void> {
  const { kernel, dice, diary } = world;
  await kernel.sleep(dice.whole(4 * minute, 22 * minute));
  for (const plan of lostRuns) await trigger(world, scene, plan);
  await kernel.sleep(8 * minute);
  world.restore(kernel.now() - 10 * minute);
  diary.note('operator: the table is the one of ten minutes ago');
  // A freeze of the former table is forgotten with it; this one is frozen by itself.
  for (const former of diary.freezes) former.until ??= kernel.now();
  diary.freezes.push({ from: kernel.now() });
  await kernel.sleep(dice.whole(5_000, 3 * minute));
  await thaw(world);
  await setPaused(world, false);
  if (diary.isScheduleOver) await endSchedule(world, scene);
  // Before what ECS knows is matched, or when it is.
  if (!dice.once(4)) await kernel.sleep(minute);
  await Promise.all(plans.map((plan) => askAgain(world, scene, plan)));
}

async function askAgain(world: World, scene: Scene, plan: RunPlan): Promise<void> {
  const { diary } = world;
  const [runId] = diary.accepted.get(plan.key) ?? [];
  if (runId === undefined) return;
  const isDeleted = diary.deleted.has(runId);
  if (peek(world, runId) === undefined) {
    if (isDeleted) return;
    await trigger(world, scene, plan);
    await world.kernel.sleep(plan.deedAfterMs);
  }
  // Who executes a hybrid run knows nothing of this, and nobody but people can tell what became of it.
  if (plan.place === 'hybrid') await propose(world, { runId, state: again, who: 'person again', force: true });
  if (isDeleted || plan.deed === 'delete') await ask(world, (deps) => deleteRun(deps, runId));
  else if (plan.deed === 'cancel') await propose(world, { runId, state: cancelling, who: 'person again' });
  if (isDeleted || plan.deed === 'delete') diary.deleted.add(runId);
}

/** Items that have expired may be swept at once, days later, or one without the other. */
export async function comeMuchLater(world: World, scene: Scene, plans: readonly RunPlan[]): Promise<void> {
  const { kernel, dice, faults, tables, diary } = world;
  kernel.skip(dice.one([2 * day, 32 * day]));
  tables.sweep(() => {
    const isSwept = dice.once(2);
    faults.note(isSwept ? 'ttl-early' : 'ttl-late', 'dynamodb:control');
    return isSwept;
  });
  diary.note('much later');
  const gone = plans.filter(({ key }) => [...(diary.accepted.get(key) ?? [])].some((id) => diary.deleted.has(id)));
  const again = new Set([...gone, ...plans.slice(0, 4)]);
  await Promise.all([...again].map((plan) => trigger(world, scene, plan)));
}
