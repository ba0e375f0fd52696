// Cancels runs that wait and may not start any more: beyond a limit that wants no collision (CANCEL_NEW), too late, or
// dropped for newer ones. Safe to repeat: only a run that still waits is cancelled.
import { isWaiting, startsAt } from '../domain/run/lane.ts';
import type { Run } from '../domain/run/run.ts';
import { enterState, mintState } from '../domain/run/transition.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { type HintDeps, withDeadline } from './change-run.ts';
import { hintChildren } from './follow-parent.ts';

export type CancelDeps = HintDeps & { readonly runs: Runs; readonly world: World; readonly telemetry: Telemetry };

export async function cancelWaiting(deps: CancelDeps, runs: readonly Run[], message: string): Promise<void> {
  await Promise.all(runs.map((run) => cancel(deps, run, message)));
}

async function cancel(deps: CancelDeps, run: Run, message: string): Promise<void> {
  const now = deps.world.now();
  if (!isWaiting(run) || startsAt(run) > now) return;
  const proposed = { type: 'CANCELLED', name: 'Cancelled', message, details: {} } as const;
  const head = withDeadline(enterState(run, mintState(run, proposed, { id: deps.world.newId(), now })), undefined);
  if ((await deps.runs.change(run, head)) === 'lost') return;
  deps.telemetry.stateChanged(run.id, head.state);
  await hintChildren(deps, run.id);
}
