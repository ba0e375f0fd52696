// StopTask under its own part of the API's rate: a time is reserved for each before it is sent.
import type { Attempt } from '../domain/run/attempt.ts';
import type { Rate } from '../domain/submit/bucket.ts';
import { freshStopPace, grabStop, reserveStop, type StopPace, stopThrottled } from '../domain/submit/stop-pace.ts';
import type { StopPaces } from '../ports/admission.ts';
import type { Tasks } from '../ports/tasks.ts';
import type { World } from '../ports/world.ts';
import { ContentionError } from './change-run.ts';

export type StopDeps = {
  readonly world: Pick<World, 'now'>;
  readonly tasks: Pick<Tasks, 'stop'>;
  readonly stopPaces: StopPaces;
  readonly stopRate: Rate;
};

/** One small item for all: whoever loses a race was a millisecond late. */
const maximumRaces = 20;

async function changePace<T>(
  deps: StopDeps,
  decide: (pace: StopPace, now: number) => { readonly after: StopPace | undefined; readonly answer: T },
): Promise<T> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const stored = await deps.stopPaces.read();
    const now = deps.world.now();
    const { after, answer } = decide(stored ?? freshStopPace(deps.stopRate, now), now);
    if (after === undefined || (await deps.stopPaces.write(stored, after)) === 'written') return answer;
  }
  throw new ContentionError('the pace of StopTask');
}

/** When the attempt's StopTask may be sent, epoch ms: the time it was given before, or a new one. */
export async function stopTimeOf(deps: StopDeps, { stopAt }: Attempt): Promise<number> {
  if (stopAt !== undefined) return stopAt;
  return changePace(deps, (pace, now) => {
    const { after, at } = reserveStop(pace, deps.stopRate, now);
    return { after, answer: at };
  });
}

/** Sends one whose time has come. Throttled, it counts as sent: it is repeated like one that did not stop its task. */
export async function sendStop(
  deps: StopDeps,
  task: { readonly cluster: string; readonly taskArn: string },
  reason: string,
): Promise<'requested' | 'gone'> {
  const answer = await deps.tasks.stop(task.cluster, task.taskArn, reason);
  if (answer !== 'throttled') return answer;
  await changePace(deps, (pace, now) => {
    const after = stopThrottled(pace, now);
    return { after: after === pace ? undefined : after, answer: undefined };
  });
  return 'requested';
}

/** Stops a task that nobody waits for, if there is room now: it is seen again otherwise. */
export async function stopIfRoom(
  deps: StopDeps,
  task: { readonly cluster: string; readonly taskArn: string },
  reason: string,
): Promise<void> {
  const isGiven = await changePace(deps, (pace, now) => {
    const after = grabStop(pace, deps.stopRate, now);
    return { after, answer: after !== undefined };
  });
  if (isGiven) await sendStop(deps, task, reason);
}
