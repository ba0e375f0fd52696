// EventBridge Scheduler in a world, and the clock Lambda that it calls.
import { timing } from '../../../shared/domain/run/timing.ts';
import { keepTime } from '../../../shared/use-cases/keep-time.ts';
import type { Dice } from '../../differential/sequences/dice.ts';
import { report, type World, worldStart } from './world.ts';

const minute = 60_000;

/** EventBridge Scheduler: once a minute, within the minute, at least once on most days. */
export function startClock(world: World, dice: Dice): void {
  const { kernel, faults, diary, lambdas } = world;
  const tick = async (scheduled: number) => {
    report(diary, 'clock', await lambdas.invoke('clock', (deps) => keepTime(deps, scheduled)));
  };
  const next = (scheduled: number) => {
    kernel.at(scheduled + dice.whole(0, 59_000), () => {
      if (isIdle(world)) return;
      const fault = faults.onMessage('tick');
      if (fault !== 'lost') void tick(scheduled);
      if (fault === 'doubled') void tick(scheduled);
      if (fault === 'delayed') kernel.at(kernel.now() + dice.whole(1_000, 200_000), () => void tick(scheduled));
    });
    kernel.at(scheduled + minute, () => next(kernel.now() - (kernel.now() % minute)));
  };
  next(worldStart);
}

/** Whether a tick could find nothing: nothing is due, and ECS has exactly the tasks that open attempts have. */
function isIdle({ tables, ecs, kernel }: World): boolean {
  const soon = kernel.now() + timing.lookAhead + 2_000;
  const expectedTasks = new Set<string>();
  for (const item of tables.items()) {
    if (item['due_key'] === undefined) continue;
    if (Number(item['due_at']) <= soon) return false;
    if (typeof item['task_arn'] === 'string') expectedTasks.add(item['task_arn']);
  }
  const running = ecs.tasks.filter(({ desiredStatus }) => desiredStatus === 'RUNNING');
  return running.length === expectedTasks.size && running.every(({ arn }) => expectedTasks.has(arn));
}
