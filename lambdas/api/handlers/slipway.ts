// Slipway's own routes: the switch that freezes launches.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { FreezeWire, slipwayRoutes } from '../../../shared/contract/slipway.ts';
import { type AdmissionState, isFrozen } from '../../../shared/domain/submit/admission.ts';
import type { ApiDeps } from '../deps.ts';

const restoredReason = 'the table was restored from a backup';

function freezeToWire(state: AdmissionState | undefined): FreezeWire {
  const { freeze, restored } = state ?? {};
  const since = freeze?.since ?? restored?.since;
  return {
    frozen: state !== undefined && isFrozen(state),
    since: since === undefined ? null : new Date(since).toISOString(),
    reason: freeze?.reason ?? (restored === undefined ? null : restoredReason),
    restored_from: restored?.from ?? null,
    thawing: restored?.thawAskedAt !== undefined,
  };
}

export const slipwayHandlers = {
  read_freeze: async (_request, { useCases }) => freezeToWire(await useCases.readFreeze()),
  freeze: async ({ body }, { useCases }) => freezeToWire(await useCases.freeze(body?.reason ?? 'asked for')),
  thaw: async (_request, { useCases }) => freezeToWire(await useCases.thaw()),
} satisfies Handlers<typeof slipwayRoutes, ApiDeps>;
