// Subflows and the run they belong to: whose task they execute in, who may speak for them, and what they must hear of.
import type { Caller } from '../domain/run/policy-types.ts';
import type { AttemptRef, Run } from '../domain/run/run.ts';
import type { Hints } from '../ports/hints.ts';
import type { Runs } from '../ports/runs.ts';
import type { TaskRuns } from '../ports/task-runs.ts';

/** Deeper nesting than this is nobody's: the header then means nothing. */
const deepestNesting = 50;

/**
 * The run that the caller's task executes, where that is a parent of `run`: read before the run itself is decided on.
 * A run with attempts of its own ends the chain, since its own containers speak for it.
 */
export async function executorOf(
  runs: Pick<Runs, 'read'>,
  run: Run,
  caller: Caller | undefined,
): Promise<Run | 'gone' | undefined> {
  if (caller === undefined || caller.runId === run.id || run.attempt > 0) return undefined;
  let at = run;
  for (let depth = 0; depth < deepestNesting && at.parentRunId !== undefined; depth += 1) {
    const parent = await runs.read(at.parentRunId);
    if (parent === undefined) break;
    if (parent.id === caller.runId) return parent;
    if (parent.attempt > 0) return undefined;
    at = parent;
  }
  // A parent in between was deleted: the run itself remembers whose task it executes in.
  const isInside = at.parentRunId === caller.runId || run.within?.runId === caller.runId;
  return isInside ? ((await runs.read(caller.runId)) ?? 'gone') : undefined;
}

/** A run that brings neither deployment nor pool is executed by whoever created it. */
export function executesInside(run: Pick<Run, 'parentTaskRunId' | 'deploymentId' | 'workPoolName'>): boolean {
  return run.parentTaskRunId !== undefined && run.deploymentId === undefined && run.workPoolName === undefined;
}

export type Parentage = { readonly parentRunId?: string; readonly within?: AttemptRef };

/**
 * Of a run that is created under a task run: its parent, and the attempt in whose task it will execute. A caller without
 * the header (an old client) is taken to be the parent's own task.
 */
export async function parentageOf(
  deps: { readonly runs: Pick<Runs, 'read'>; readonly taskRuns: Pick<TaskRuns, 'read'> },
  child: Pick<Run, 'parentTaskRunId' | 'deploymentId' | 'workPoolName'>,
  caller: Caller | undefined,
): Promise<Parentage> {
  if (child.parentTaskRunId === undefined) return {};
  const parentRunId = (await deps.taskRuns.read(child.parentTaskRunId))?.flowRunId ?? caller?.runId;
  if (parentRunId === undefined) return {};
  if (!executesInside(child)) return { parentRunId };
  const within = caller === undefined ? hostOf(await deps.runs.read(parentRunId)) : { ...caller };
  return { parentRunId, ...(within === undefined ? {} : { within }) };
}

function hostOf(parent: Run | undefined): AttemptRef | undefined {
  if (parent === undefined) return undefined;
  return parent.isAttemptOpen ? { runId: parent.id, attempt: parent.attempt } : parent.within;
}

/**
 * Subflows look after themselves once they hear that their parent, or its task, has ended. A hint that is lost is made up
 * for by their own deadlines.
 */
export async function hintChildren(
  { runs, hints }: { readonly runs: Pick<Runs, 'children'>; readonly hints: Pick<Hints, 'observe'> },
  runId: string,
): Promise<void> {
  const children = await runs.children(runId);
  if (children.length > 0) await hints.observe(children.map((child) => ({ kind: 'run', runId: child })));
}
