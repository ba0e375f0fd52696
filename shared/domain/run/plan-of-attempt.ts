// Which way a run's next attempt is launched, from how the one before it went.
import { firstPlan, type LaunchOptions, type LaunchPlan, nextPlan, type PlanEnd } from '../task/launch-plan.ts';
import type { Attempt } from './attempt.ts';

/** `former`: the attempt before, whose plan of then may no longer be offered. */
export function planOfAttempt(options: LaunchOptions, former: Attempt | undefined): LaunchPlan {
  return former?.plan === undefined ? firstPlan(options) : nextPlan(options, former.plan, planEndOf(former));
}

/** An attempt that never got a task has moved on to its next plan with each refusal. */
function planEndOf({ task, stopRequested }: Attempt): PlanEnd {
  if (task?.stopCode === 'SpotInterruption') return 'spot-lost';
  const didNotStart = stopRequested?.cause === 'start-deadline' || task?.stopCode === 'TaskFailedToStart';
  return didNotStart ? 'no-room' : 'other';
}
