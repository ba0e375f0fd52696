// What events missed: ECS's RUNNING tasks against the open attempts. Only differences are described, by `observe`;
// for tasks that run for long nothing is written and nothing described.
import type { ObserveHint, SweptTask } from '../ports/hints.ts';
import type { Runs } from '../ports/runs.ts';
import type { Tasks } from '../ports/tasks.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';

export type SweepDeps = {
  readonly world: Pick<World, 'now' | 'sleep'>;
  readonly runs: Pick<Runs, 'openAttempts'>;
  readonly tasks: Pick<Tasks, 'runningPages'>;
  readonly telemetry: Pick<Telemetry, 'sweepCutShort'>;
  readonly cluster: string;
};

/** Half of what ListTasks and DescribeTasks share (20 a second): visits that cannot wait need the other half. */
const readsPerSecond = 10;
/** DescribeTasks takes this many ARNs, and so does a hint: 20 KB. */
const tasksPerHint = 100;
/** A listing that takes longer is cut short, in milliseconds: the tick has 55 s. */
const longestListing = 40_000;

export type Differences = {
  readonly count: number;
  /** Hints by the seconds that each is to be delayed, so that no second describes more than its share. */
  readonly hints: ReadonlyMap<number, readonly ObserveHint[]>;
};

/** Throws what ECS answers when it lists nothing: the next tick asks again. */
export async function findDifferences(deps: SweepDeps): Promise<Differences> {
  const expected = await readExpected(deps);
  const pace = paceOf(deps.world);
  const hints: ObserveHint[] = [];
  let count = 0;
  for (const [cluster, attempts] of expected) {
    const tasks = await differencesIn(deps, { cluster, attempts, pace });
    count += tasks.length;
    for (let at = 0; at < tasks.length; at += tasksPerHint) {
      hints.push({ kind: 'tasks', cluster, tasks: tasks.slice(at, at + tasksPerHint) });
    }
  }
  const bySecond = Map.groupBy(hints.entries(), ([at]) => Math.floor(at / readsPerSecond));
  return { count, hints: new Map([...bySecond].map(([second, some]) => [second, some.map(([, hint]) => hint)])) };
}

/** By cluster and ARN. Our own cluster is listed although no attempt may be open in it. */
async function readExpected({ runs, cluster: own }: SweepDeps): Promise<Map<string, Map<string, SweptTask>>> {
  const expected = new Map([[own, new Map<string, SweptTask>()]]);
  for await (const { taskArn, cluster = own, runId, attempt } of runs.openAttempts()) {
    if (taskArn === undefined) continue;
    const attempts = expected.get(cluster) ?? new Map<string, SweptTask>();
    attempts.set(taskArn, { taskArn, runId, attempt });
    expected.set(cluster, attempts);
  }
  return expected;
}

type Pace = {
  /** Waits until the next read may be made; false when there is no time left for it. */
  next(): Promise<boolean>;
};

function paceOf({ now, sleep }: SweepDeps['world']): Pace {
  const begun = now();
  let reads = 0;
  return {
    async next() {
      reads += 1;
      const waitMs = begun + (reads * 1000) / readsPerSecond - now();
      if (waitMs > 0) await sleep(waitMs);
      return now() - begun < longestListing;
    },
  };
}

type Listing = { readonly cluster: string; readonly attempts: Map<string, SweptTask>; readonly pace: Pace };

/** Tasks that only ECS or only we have. What a listing that was cut short does not show may be on its next page. */
async function differencesIn(deps: SweepDeps, { cluster, attempts, pace }: Listing): Promise<SweptTask[]> {
  const unexpected: SweptTask[] = [];
  for await (const page of deps.tasks.runningPages(cluster)) {
    for (const taskArn of page) if (!attempts.delete(taskArn)) unexpected.push({ taskArn });
    if (page.length < tasksPerHint || (await pace.next())) continue;
    deps.telemetry.sweepCutShort(cluster, attempts.size);
    return unexpected;
  }
  return [...unexpected, ...attempts.values()];
}
