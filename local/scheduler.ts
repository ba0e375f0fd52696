// EventBridge Scheduler for the clock Lambda: one tick a minute, on the minute, and one at the start.
// Rule: a tick that could not fire in its minute is dropped, never caught up; there are no retries.

import type { Lambda } from './lambda.ts';
import type { Report } from './report.ts';

export type SchedulerOptions = {
  readonly clock: Lambda;
  readonly report: Report;
  readonly now?: () => number;
};

export type Scheduler = {
  /** No more ticks; waits for the one under way. */
  close(): Promise<void>;
};

const minute = 60_000;

export function startScheduler(options: SchedulerOptions): Scheduler {
  const now = options.now ?? Date.now;
  const underWay = new Set<Promise<void>>();
  const fire = (scheduledTime: number) => {
    const work = tick(options, scheduledTime).finally(() => underWay.delete(work));
    underWay.add(work);
  };
  let timer: NodeJS.Timeout;
  const plan = (last: number) => {
    // A timer may fire a moment early, and no minute ticks twice.
    const due = Math.max(Math.floor(now() / minute) * minute + minute, last + minute);
    timer = setTimeout(() => {
      // After the machine slept the timer fires late: that minute is over, and the next one asks the same question.
      if (now() - due < minute) fire(due);
      plan(due);
    }, due - now());
  };
  // What became due while the program was away does not wait for the next full minute.
  fire(now());
  plan(0);
  return {
    close: async () => {
      clearTimeout(timer);
      await Promise.all(underWay);
    },
  };
}

/** The input that the schedule of the deployed stack has: `<aws.scheduler.scheduled-time>`, to the second. */
async function tick({ clock, report }: SchedulerOptions, scheduledTime: number): Promise<void> {
  try {
    await clock.invoke({ scheduledTime: new Date(scheduledTime).toISOString().replace(/\.\d+Z$/, 'Z') });
  } catch (error) {
    report('tick failed', { lambda: clock.name, error });
  }
}
