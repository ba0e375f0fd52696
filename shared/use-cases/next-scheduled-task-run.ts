// Takes the next scheduled task run out of the queues of a task worker's tasks, into its hands.
// One transaction moves the place in the queue and the worker, so a task run is in one pair of hands at most.
import type { TaskRun } from '../domain/task-run/task-run.ts';
import type { QueuedTask, TaskQueue, TaskRuns, TaskWorker } from '../ports/task-runs.ts';
import type { World } from '../ports/world.ts';
import { ContentionError } from './change-run.ts';

type NextDeps = {
  readonly taskRuns: Pick<TaskRuns, 'read'>;
  readonly taskQueue: Pick<TaskQueue, 'readWorker' | 'waiting' | 'hold' | 'drop'>;
  readonly world: Pick<World, 'now'>;
};

/** Several workers that are freed at once want the same task run: a loser looks again. */
const mostRaces = 30;
/** How many places of each queue are looked at; stale ones are dropped on the way. */
const placesAtOnce = 5;

/**
 * The oldest first over all its tasks, retries before everything else.
 *
 * @returns undefined when nothing waits, or the worker is gone or has something in its hands already
 */
export async function nextScheduledTaskRun(deps: NextDeps, connectionId: string): Promise<TaskRun | undefined> {
  for (let race = 0; race < mostRaces; race += 1) {
    const worker = await deps.taskQueue.readWorker(connectionId);
    if (worker === undefined || worker.held !== undefined) return undefined;
    const [next, ...others] = await placesFor(deps, worker);
    if (next === undefined) return undefined;
    // Who loses the first place looks for another one: fewer of many meet again.
    const place = race === 0 ? next : ([next, ...others][race % (others.length + 1)] ?? next);
    const taskRun = await deps.taskRuns.read(place.taskRunId);
    if (taskRun === undefined || !isMeant(taskRun, place)) {
      await deps.taskQueue.drop(place);
      continue;
    }
    if ((await deps.taskQueue.hold(worker, place, deps.world.now())) === 'written') return taskRun;
  }
  throw new ContentionError(`task worker ${connectionId}`);
}

async function placesFor({ taskQueue }: NextDeps, { taskKeys }: TaskWorker): Promise<readonly QueuedTask[]> {
  const places = await Promise.all(taskKeys.map((taskKey) => taskQueue.waiting(taskKey, placesAtOnce)));
  return places
    .flat()
    .toSorted((one, other) =>
      one.isRetry === other.isRetry ? one.queuedAt - other.queuedAt : Number(other.isRetry) - Number(one.isRetry),
    );
}

/** A task run that moved on, or that was queued again since, is not meant by this place. */
function isMeant({ state, queuedAt }: TaskRun, place: QueuedTask): boolean {
  return state.type === 'SCHEDULED' && queuedAt === place.queuedAt;
}
