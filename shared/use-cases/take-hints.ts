// What the `submit` and `observe` Lambdas do with a batch of hints. Every hint may come twice, late or never.
import type { Attempt } from '../domain/run/attempt.ts';
import { laneName } from '../domain/run/lane.ts';
import type { Lane } from '../domain/run/run.ts';
import { timing } from '../domain/run/timing.ts';
import type { ObserveHint, SubmitHint } from '../ports/hints.ts';
import type { SeenTask } from '../ports/tasks.ts';
import { adoptTask } from './adopt-task.ts';
import { thawMatched } from './freeze-launches.ts';
import { inParallel } from './in-parallel.ts';
import { matchTasks } from './match-tasks.ts';
import { type ObserveDeps, observeTask } from './observe-task.ts';
import { launchSteps, type RepeatDeps } from './repeat-launch.ts';
import type { StopDeps } from './stop-task.ts';
import { type SubmitDeps, submitRuns } from './submit-runs.ts';
import { lookedInVain, visitAttempt } from './visit-attempt.ts';
import { visitRun } from './visit-run.ts';
import { tendLanes } from './waiting-candidates.ts';

export type TakeSubmitDeps = SubmitDeps &
  RepeatDeps &
  StopDeps & {
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
  for (const hint of hints) if (hint.kind === 'adopt') await adopt(deps, hint);
  if (hints.some(({ kind }) => kind === 'match')) await match(deps);
}

async function adopt(
  deps: TakeSubmitDeps,
  { cluster, taskArn }: Extract<SubmitHint, { kind: 'adopt' }>,
): Promise<void> {
  const { tasks } = await deps.tasks.describe(cluster, [taskArn]);
  for (const seen of tasks) await adoptTask(deps, seen);
}

/** Tasks that nobody may have take a while to stop: until then the table stays frozen. */
async function match(deps: TakeSubmitDeps): Promise<void> {
  const unwanted = await matchTasks(deps);
  if (unwanted === 0) await thawMatched(deps);
  else await deps.hints.submit([{ kind: 'match' }], { delaySeconds: 5 });
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
      return visitAttempt(deps, hint);
    case 'tasks':
      return takeSwept(deps, hint);
  }
}

/** Visits at a time: a Lambda takes ten hints at once, each with a hundred tasks. */
const visitsAtOnce = 16;

/** One call of DescribeTasks; then each task by itself, so that one that fails holds up no other. */
async function takeSwept(
  deps: ObserveDeps,
  { cluster, tasks }: Extract<ObserveHint, { kind: 'tasks' }>,
): Promise<void> {
  const failures: unknown[] = [];
  const each = <T>(items: readonly T[], act: (item: T) => Promise<unknown>) =>
    inParallel(items, visitsAtOnce, async (item) => {
      await act(item).catch((error) => failures.push(error));
    });
  // Read before ECS is asked: whatever is learnt of an attempt meanwhile takes it out of question.
  const open = new Map<string, Attempt>();
  await each(tasks, async ({ taskArn, runId, attempt: number }) => {
    if (runId === undefined || number === undefined) return;
    const attempt = await deps.runs.readAttempt(runId, number);
    if (attempt !== undefined && attempt.closed === undefined) open.set(taskArn, attempt);
  });
  const described = await deps.tasks.describe(
    cluster,
    tasks.map(({ taskArn }) => taskArn),
  );
  for (const { taskArn } of described.tasks) open.delete(taskArn);
  await each(described.tasks, (seen) => takeTask(deps, seen));
  await each([...open.values()], (attempt) => lookedInVain(deps, attempt));
  if (failures.length > 0) throw failures[0];
}
