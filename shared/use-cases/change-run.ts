// The write that every use case ends in: read, decide, write conditionally, and decide again when the race is lost.
import type { Attempt } from '../domain/run/attempt.ts';
import { dueOf, withDue } from '../domain/run/due.ts';
import { isWaiting, laneOf, startsAt } from '../domain/run/lane.ts';
import type { Run } from '../domain/run/run.ts';
import { isTerminal } from '../domain/run/state.ts';
import { timing } from '../domain/run/timing.ts';
import type { Hints } from '../ports/hints.ts';
import type { World } from '../ports/world.ts';

/** How often a lost race is taken up again before the caller is told to come back (503). */
export const maximumRaces = 8;

/** Nobody got through: the caller may try again. */
export class ContentionError extends Error {
  constructor(what: string) {
    super(`${what} is changed by others faster than this change can be made`);
    this.name = 'ContentionError';
  }
}

/** The head with the deadline that its state asks for. `attempt` is the open one, if any. */
export function withDeadline(run: Run, attempt: Attempt | undefined): Run {
  return withDue(run, dueOf(run, attempt));
}

export type HintDeps = { readonly hints: Hints; readonly world: Pick<World, 'now'> };

/** Whoever records a waiting run that is due soon sends the hint himself; later ones are the clock's (design §3). */
export async function hintWaiting({ hints, world }: HintDeps, run: Run): Promise<void> {
  const lane = laneOf(run);
  if (lane === undefined || run.workPoolName === undefined || !isWaiting(run)) return;
  const dueAt = startsAt(run);
  const aheadMs = dueAt - world.now();
  if (aheadMs > timing.lookAhead + 60_000) return;
  await hints.submit([{ kind: 'work', lane, dueAt }], { delaySeconds: Math.max(0, Math.ceil(aheadMs / 1000)) });
}

/** What others must hear of once a run has entered a state. */
export async function hintAfterState(deps: HintDeps, run: Run): Promise<void> {
  if (isWaiting(run)) return hintWaiting(deps, run);
  const mustStop = run.state.type === 'CANCELLING' || isTerminal(run.state.type);
  if (!mustStop || !run.isAttemptOpen || run.dueAt === undefined) return;
  const delaySeconds = Math.max(0, Math.ceil((run.dueAt - deps.world.now()) / 1000));
  // A task that ends by itself is the rule after a final state: the clock looks after the exception.
  if (run.state.type === 'CANCELLING') await deps.hints.observe([{ kind: 'run', runId: run.id }], { delaySeconds });
}
