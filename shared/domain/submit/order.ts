// Who goes next: by queue priority, then by due time, fair over pools (rule 7).
import type { Lane } from '../run/run.ts';

export type Candidate = {
  readonly runId: string;
  readonly scheduledTime: number;
  readonly lane: Lane;
  /** The queue's priority; 1 goes first. */
  readonly priority: number;
};

/** Orders candidates: within a pool by priority, then time; over pools in turns, in which who waited longest is first. */
export function orderCandidates(candidates: readonly Candidate[]): Candidate[] {
  const pools = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const pool = pools.get(candidate.lane.workPoolName) ?? [];
    pool.push(candidate);
    pools.set(candidate.lane.workPoolName, pool);
  }
  const queues = [...pools.values()].map((pool) =>
    pool.sort(
      (one, other) =>
        one.priority - other.priority || one.scheduledTime - other.scheduledTime || (one.runId < other.runId ? -1 : 1),
    ),
  );
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  const ordered: Candidate[] = [];
  for (let turn = 0; turn < longest; turn += 1) {
    const next = queues.flatMap((queue) => queue.slice(turn, turn + 1));
    ordered.push(...next.sort((one, other) => one.scheduledTime - other.scheduledTime));
  }
  return ordered;
}
