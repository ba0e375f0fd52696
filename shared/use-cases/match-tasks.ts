// Matches a restored table with what ECS knows, before anything is claimed from it (rule 14): running tasks and those
// that stopped within the hour find their attempts. Open attempts that no list shows are left to the clock's sweep.
// Safe to repeat at any time: it changes what differs and nothing else.

import { ownerOf } from '../domain/task/started-by.ts';
import type { SeenTask } from '../ports/tasks.ts';
import { type AdoptDeps, adoptTask } from './adopt-task.ts';
import { inParallel } from './in-parallel.ts';

export type MatchDeps = AdoptDeps & { readonly taskDefaults: { readonly clusterArn: string } };

const tasksAtOnce = 10;

/** @returns how many tasks live on that nobody may have: each was asked to stop */
export async function matchTasks(deps: MatchDeps): Promise<number> {
  const clusters = new Set([deps.taskDefaults.clusterArn]);
  for await (const { cluster } of deps.runs.openAttempts()) if (cluster !== undefined) clusters.add(cluster);
  const tasks = (await Promise.all([...clusters].map((cluster) => tasksOf(deps, cluster)))).flat();
  // The latest attempt of a run first: it says that those before it are over.
  const latestFirst = tasks.toSorted((one, other) => numberOf(other) - numberOf(one));
  const adoptions = new Map<string, Awaited<ReturnType<typeof adoptTask>>>();
  for (const [, sameNumber] of Map.groupBy(latestFirst, numberOf)) {
    await inParallel(sameNumber, tasksAtOnce, async (seen) => {
      adoptions.set(seen.taskArn, await adoptTask(deps, seen));
    });
  }
  const unwanted = tasks.filter(
    ({ taskArn, task }) => adoptions.get(taskArn) === 'unwanted' && task.lastStatus !== 'STOPPED',
  ).length;
  const adopted = [...adoptions.values()].filter((adoption) => adoption === 'adopted').length;
  deps.telemetry.tasksMatched({ tasks: tasks.length, adopted, open: unwanted });
  return unwanted;
}

function numberOf({ startedBy }: SeenTask): number {
  return ownerOf(startedBy)?.attempt ?? 0;
}

/** Tasks of this stack that ECS runs, or that stopped within the hour. */
async function tasksOf({ tasks, stack }: MatchDeps, cluster: string): Promise<readonly SeenTask[]> {
  const arns = new Set<string>();
  for await (const arn of tasks.listRunning(cluster)) arns.add(arn);
  for await (const arn of tasks.listStopped(cluster)) arns.add(arn);
  const described = await tasks.describe(cluster, [...arns]);
  return described.tasks.filter(({ startedBy }) => ownerOf(startedBy)?.stack === stack);
}
