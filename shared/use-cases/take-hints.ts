// What the `submit` and `observe` Lambdas do with a batch of hints. Every hint may come twice, late or never.
import { laneName } from '../domain/run/lane.ts';
import type { Lane } from '../domain/run/run.ts';
import { timing } from '../domain/run/timing.ts';
import type { ObserveHint, SubmitHint } from '../ports/hints.ts';
import type { SeenTask } from '../ports/tasks.ts';
import { type ObserveDeps, observeTask } from './observe-task.ts';
import { launchSteps, type RepeatDeps } from './repeat-launch.ts';
import { type SubmitDeps, submitRuns } from './submit-runs.ts';
import { lookAtAttempt, visitAttempt } from './visit-attempt.ts';
import { visitRun } from './visit-run.ts';
import { tendLanes } from './waiting-candidates.ts';

export type TakeSubmitDeps = SubmitDeps &
  RepeatDeps & {
    /** When this process last put which lane: one that was put lately is there. @default none is known */
    readonly touchedLanes?: Map<string, number>;
  };

/** Far less than the five minutes of emptiness after which a lane goes, in milliseconds. */
const touchedLately = 20_000;

/** Puts the lanes that have work, then runs the pump once for the whole batch; then the attempts' visits. */
export async function takeSubmitHints(deps: TakeSubmitDeps, hints: readonly SubmitHint[]): Promise<void> {
  const now = deps.world.now();
  const work = hints.filter((hint) => hint.kind === 'work');
  const early = work.filter(({ dueAt }) => dueAt > now + timing.earlyHint);
  const due = work.filter(({ dueAt }) => dueAt <= now + timing.earlyHint);
  const wakes = hints.filter((hint) => hint.kind === 'wake');
  const isAsked = due.length + wakes.length > 0 || hints.some((hint) => hint.kind === 'room');
  for (const hint of early) {
    await deps.hints.submit([hint], { delaySeconds: Math.min(900, Math.ceil((hint.dueAt - now) / 1000)) });
  }
  const lanes = new Map(due.map(({ lane }) => [laneName(lane), lane]));
  const touched = Promise.all([...lanes].map(([name, lane]) => touch(deps, name, lane)));
  const wokenPools = new Set(wakes.map(({ lane }) => lane.workPoolName));
  const tended = Promise.all([touched, ...[...wokenPools].map((pool) => tendLanes(deps, pool))]);
  if (isAsked) {
    const latest = Math.max(now, ...due.map(({ dueAt }) => dueAt));
    if (latest > now) await Promise.all([deps.world.sleep(latest - now), tended]);
    await submitRuns(deps, tended);
  }
  const launch = launchSteps(deps);
  const attempts = hints.filter((hint) => hint.kind === 'attempt');
  await Promise.all(attempts.map(({ runId, attempt }) => visitAttempt(deps, { runId, attempt }, { launch })));
}

async function touch({ lanes, world, touchedLanes }: TakeSubmitDeps, name: string, lane: Lane): Promise<void> {
  const now = world.now();
  if ((touchedLanes?.get(name) ?? Number.NEGATIVE_INFINITY) > now - touchedLately) return;
  await lanes.touch(lane, now + timing.laneCheck);
  touchedLanes?.set(name, now);
}

/** A task as an event or a description shows it. */
export async function takeTask(deps: ObserveDeps, seen: SeenTask): Promise<void> {
  const known = await observeTask(deps, seen);
  if (known === undefined) return;
  await visitAttempt(deps, { runId: known.attempt.runId, attempt: known.attempt.number }, { known });
}

export async function takeObserveHint(deps: ObserveDeps, hint: ObserveHint): Promise<void> {
  switch (hint.kind) {
    case 'run':
      return visitRun(deps, hint.runId);
    case 'attempt':
      if (hint.look === true) await lookAtAttempt(deps, hint);
      return visitAttempt(deps, hint);
    case 'task': {
      const described = await deps.tasks.describe(hint.cluster, [hint.taskArn]);
      for (const seen of described.tasks) await takeTask(deps, seen);
    }
  }
}
