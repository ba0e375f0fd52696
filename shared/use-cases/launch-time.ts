// The launch time of one pass while its claims spend it: only a claim knows on what its task will run.
import { isPaced, type Reservation, type Unused } from '../domain/submit/admission.ts';
import type { CapacityType } from '../domain/task/capacity.ts';

export type LaunchTime = {
  /** Takes one launch of this type; false when there is none left. */
  take(type: CapacityType): boolean;
  giveBack(type: CapacityType): void;
  unused(): Unused;
};

export function launchTimeOf({ count, byType }: Reservation): LaunchTime {
  let calls = count;
  const left = new Map(Object.entries(byType));
  const add = (type: CapacityType, amount: number) => {
    calls += amount;
    if (isPaced(type)) left.set(type, (left.get(type) ?? 0) + amount);
  };
  return {
    take(type) {
      if (calls < 1 || (isPaced(type) && (left.get(type) ?? 0) < 1)) return false;
      add(type, -1);
      return true;
    },
    giveBack: (type) => add(type, 1),
    unused: () => ({ calls, byType: Object.fromEntries(left) }),
  };
}
