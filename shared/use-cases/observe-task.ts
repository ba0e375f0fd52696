// What ECS says of a task goes to the attempt that may have it; a task that nobody may have is stopped, one of an
// attempt that the table has not heard of is for `submit` to adopt.
// Safe in any order and number: see `fold-observation.ts`.
import { ownerOf } from '../domain/task/started-by.ts';
import type { SeenTask } from '../ports/tasks.ts';
import { foldObservation, type Known } from './fold-observation.ts';
import { stopIfRoom } from './stop-task.ts';
import type { VisitRunDeps } from './visit-run.ts';

export type ObserveDeps = VisitRunDeps & { readonly stack: string };

/**
 * One task as seen in an event or a description. Tasks of other stacks and of nobody are left alone;
 * a task of ours that no open attempt may have is stopped.
 */
export async function observeTask(deps: ObserveDeps, seen: SeenTask): Promise<Known | undefined> {
  const owner = ownerOf(seen.startedBy);
  if (owner === undefined || owner.stack !== deps.stack) return undefined;
  const folded = await foldObservation(deps, owner, seen);
  if (folded.kind === 'known') return folded;
  const last = await deps.runs.lastAttempt(owner.runId);
  // Attempts are written before they are sent, so the table was set back since (rule 14). A run that it knows gets its
  // task back, one that it does not know leaves its number behind.
  if (last !== undefined && last < owner.attempt) {
    await deps.hints.submit([{ kind: 'adopt', cluster: seen.cluster, taskArn: seen.taskArn }]);
    return undefined;
  }
  if (last === undefined) await deps.runs.bury(owner.runId, owner.attempt);
  if (seen.task.lastStatus !== 'STOPPED') {
    deps.telemetry.foreignTask(seen.taskArn);
    await stopIfRoom(deps, seen, 'slipway: no open attempt has this task');
  }
  return undefined;
}
