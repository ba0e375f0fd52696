// Ends the task runs that a cancelled run leaves unfinished: its engine is gone and will not report them.
// Safe to repeat: what has ended is passed over, and what its engine says later, with a later time, still wins.
import { isTerminal } from '../domain/run/state.ts';
import { mintTaskState } from '../domain/task-run/policy.ts';
import { enterTaskState } from '../domain/task-run/transition.ts';
import type { TaskRuns } from '../ports/task-runs.ts';
import type { World } from '../ports/world.ts';

/** Of one run at most; more are left as they are. */
const mostTaskRuns = 5_000;
const atOnce = 25;

export async function cancelTaskRuns(
  deps: { readonly taskRuns: Pick<TaskRuns, 'ofFlowRun' | 'readMany' | 'change'>; readonly world: World },
  flowRunId: string,
): Promise<void> {
  const ids = await deps.taskRuns.ofFlowRun(flowRunId, mostTaskRuns);
  const open = (await deps.taskRuns.readMany(ids)).filter(({ state }) => !isTerminal(state.type));
  const message = 'The parent flow run was cancelled.';
  const cancelled = { type: 'CANCELLED', name: 'Cancelled', message, details: {} } as const;
  for (let at = 0; at < open.length; at += atOnce) {
    const moves = open.slice(at, at + atOnce).map((before) => {
      const state = mintTaskState(before, cancelled, { id: deps.world.newId(), now: deps.world.now() });
      return deps.taskRuns.change({ before, after: enterTaskState(before, state) });
    });
    // Whoever was faster knows better.
    await Promise.all(moves);
  }
}
