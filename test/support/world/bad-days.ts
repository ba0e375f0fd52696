// What AWS does on bad days without failing: indexes that lag, tasks that ECS does not show yet, capacity that is not there.
import type { Dice } from '../../differential/sequences/dice.ts';
import type { ModelTask } from '../stage/model-ecs.ts';
import type { FaultPlan } from './fault-plan.ts';

export function lagOf(dice: Dice, faults: FaultPlan, isSlow: boolean): number {
  if (!dice.once(isSlow ? 8 : 60)) return dice.whole(0, 200);
  faults.note('index-lag', 'dynamodb:index');
  return dice.whole(1_000, isSlow ? 60_000 : 10_000);
}

export function blindness(dice: Dice, faults: FaultPlan, intensity: number) {
  const until = new Map<string, number>();
  return (task: ModelTask): number => {
    const known = until.get(task.arn);
    if (known !== undefined) return known;
    const isBlind = intensity > 0 && dice.once(12);
    if (isBlind) faults.note('ecs-blind', 'ecs:DescribeTasks');
    const time = isBlind ? task.createdAt + dice.whole(1_000, 300_000) : 0;
    until.set(task.arn, time);
    return time;
  };
}

export function refusalOf(dice: Dice, faults: FaultPlan, intensity: number) {
  if (intensity === 0 || !dice.once(20)) return undefined;
  faults.note('no-capacity', 'ecs:RunTask');
  return { failures: [{ reason: 'Capacity is unavailable at this time. Please try again later' }] };
}
