// Freezes and thaws launches (rule 14): one switch on the admission item, without which nobody gets a reservation.
// Safe to repeat: who freezes a second time waits for the same reservations to run out.
import {
  type AdmissionState,
  frozen,
  isFrozen,
  matched,
  thawed,
  untouchedAdmission,
} from '../domain/submit/admission.ts';
import type { Admission } from '../ports/admission.ts';
import type { Hints } from '../ports/hints.ts';
import type { World } from '../ports/world.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { ContentionError, maximumRaces } from './change-run.ts';
import { hintRoom } from './hint-room.ts';

export type FreezeDeps = {
  readonly world: Pick<World, 'now' | 'sleep'>;
  readonly admission: Admission;
  readonly telemetry: Pick<Telemetry, 'launchesFrozen' | 'launchesThawed'>;
};

export type ThawDeps = FreezeDeps & { readonly hints: Hints };

async function change(
  { admission, world }: Pick<FreezeDeps, 'admission' | 'world'>,
  after: (state: AdmissionState) => AdmissionState,
): Promise<AdmissionState> {
  for (let race = 0; race < maximumRaces; race += 1) {
    const stored = await admission.read();
    const wanted = after(stored ?? untouchedAdmission(world.now()));
    if ((await admission.write(stored, wanted)) === 'written') return wanted;
  }
  throw new ContentionError('the admission item');
}

/** Answers when no reservation is valid any more, 10 s at most: from then on no RunTask is sent. */
export async function freezeLaunches(deps: FreezeDeps, reason: string): Promise<AdmissionState> {
  const state = await change(deps, (before) => frozen(before, { since: deps.world.now(), reason }));
  deps.telemetry.launchesFrozen(state.freeze?.reason ?? reason);
  const leftMs = (state.reservedUntil ?? 0) - deps.world.now();
  if (leftMs > 0) await deps.world.sleep(leftMs);
  return state;
}

/** A restored table stays frozen until what ECS knows is matched; `submit` does it, and is told here. */
export async function thawLaunches(deps: ThawDeps): Promise<AdmissionState | undefined> {
  const stored = await deps.admission.read();
  if (stored === undefined || !isFrozen(stored)) return stored;
  const state = await change(deps, (before) => thawed(before, deps.world.now()));
  if (state.restored === undefined) await wakePump(deps);
  else await deps.hints.submit([{ kind: 'match' }]);
  return state;
}

/** What ECS knows is matched: thaws, if somebody asked for it. Whether it is frozen still. */
export async function thawMatched(deps: ThawDeps): Promise<boolean> {
  const state = await change(deps, matched);
  if (isFrozen(state)) return true;
  await wakePump(deps);
  return false;
}

/** Nobody has to wait for the clock to come round. */
async function wakePump(deps: ThawDeps): Promise<void> {
  deps.telemetry.launchesThawed();
  await hintRoom(deps);
}
