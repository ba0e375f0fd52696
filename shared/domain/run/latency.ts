// Where the time before a run's first line of code went: computed from what its attempt and its history keep anyway,
// so nothing is written for it, and it can be told for as long as the run is recorded.
import type { Attempt } from './attempt.ts';
import type { State } from './state.ts';

export const latencyParts = [
  /** From the time that it was due to its claim. */
  'queued',
  /** From its claim to RunTask's answer. */
  'claimed',
  /** From there until the image is pulled: a host and a network interface. */
  'provisioned',
  /** The pull. */
  'pulled',
  /** From there to RUNNING, as ECS tells it. */
  'started',
  /** From there to the engine's own RUNNING: Python, Prefect, the flow's imports. */
  'engineUp',
] as const;
export type LatencyPart = (typeof latencyParts)[number];

export type Latency = {
  /** Milliseconds by part, in order, as far as they are known; a part that nobody told of is within the next one. */
  readonly parts: readonly { readonly part: LatencyPart; readonly ms: number }[];
  readonly totalMs: number;
};

/** `states` is the run's history, oldest first. */
export function latencyOf(attempt: Attempt, states: readonly State[]): Latency {
  const { openedAt, taskKnownAt, task } = attempt;
  const ofAttempt = states.filter(
    ({ timestamp }) => timestamp >= openedAt && timestamp <= (attempt.closed?.at ?? Number.POSITIVE_INFINITY),
  );
  const claim = ofAttempt.find(({ type }) => type === 'PENDING');
  const engineUp = attempt.reports === 'engine' ? ofAttempt.find(({ type }) => type === 'RUNNING') : undefined;
  const ends: Record<LatencyPart, number | undefined> = {
    queued: openedAt,
    // An event may tell of the task before the answer does.
    claimed: earliest(taskKnownAt, task?.createdAt),
    provisioned: task?.pullStartedAt,
    pulled: task?.pullStoppedAt,
    started: task?.startedAt,
    engineUp: engineUp?.timestamp,
  };
  return telescoped(claim?.details.scheduledTime ?? openedAt, ends);
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Clocks differ by milliseconds: no part is negative, and the parts add up to the whole. */
function telescoped(due: number, ends: Record<LatencyPart, number | undefined>): Latency {
  const parts: { part: LatencyPart; ms: number }[] = [];
  let reached = due;
  for (const part of latencyParts) {
    const end = ends[part];
    if (end === undefined) continue;
    parts.push({ part, ms: Math.max(0, end - reached) });
    reached = Math.max(reached, end);
  }
  return { parts, totalMs: reached - due };
}
