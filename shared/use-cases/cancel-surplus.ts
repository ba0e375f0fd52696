// Runs that are due while the limit of their deployment is full, and whose deployment wants no collision (CANCEL_NEW).
// Safe to repeat: only a run that still waits is cancelled.
import { isWaiting, startsAt } from '../domain/run/lane.ts';
import { limitReached } from '../domain/run/rules-slots.ts';
import type { Run } from '../domain/run/run.ts';
import { enterState, mintState } from '../domain/run/transition.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { type HintDeps, withDeadline } from './change-run.ts';
import { hintChildren } from './follow-parent.ts';

export type SurplusDeps = HintDeps & { readonly runs: Runs; readonly world: World; readonly telemetry: Telemetry };

export async function cancelSurplus(deps: SurplusDeps, runs: readonly Run[]): Promise<void> {
  await Promise.all(runs.map((run) => cancel(deps, run)));
}

async function cancel(deps: SurplusDeps, run: Run): Promise<void> {
  const now = deps.world.now();
  if (!run.launched || !isWaiting(run) || startsAt(run) > now) return;
  const proposed = { type: 'CANCELLED', name: 'Cancelled', message: limitReached, details: {} } as const;
  const head = withDeadline(enterState(run, mintState(run, proposed, { id: deps.world.newId(), now })), undefined);
  if ((await deps.runs.change(run, head)) === 'lost') return;
  deps.telemetry.stateChanged(run.id, head.state);
  await hintChildren(deps, run.id);
}
