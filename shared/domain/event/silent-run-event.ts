// `slipway.run.silent`: a run that should give signs of life gave none for too long. One event a silence: its id comes
// from the run and its last sign, so whoever notices it twice tells of it once.
import type { Deployment, WorkPool } from '../catalogue.ts';
import { derivedId, type Sha256 } from '../identity.ts';
import { isoText } from '../iso-time.ts';
import type { Silence } from '../run/liveness.ts';
import type { Run } from '../run/run.ts';
import type { PrefectEvent } from './event.ts';
import { deploymentInRole, namelessInRole, poolInRole, resourceOf, tagsInRole } from './resources.ts';

export type SilentRun = {
  readonly run: Run;
  readonly silence: Silence;
  readonly deployment?: Deployment | undefined;
  readonly workPool?: WorkPool | undefined;
};

/** `received`: epoch milliseconds. */
export function silentRunEvent(sha256: Sha256, { run, silence, ...around }: SilentRun, received: number): PrefectEvent {
  const { lastAt, noticedAt } = silence;
  return {
    id: derivedId(sha256, 'silent-run', [run.id, String(lastAt)]),
    occurred: noticedAt,
    received,
    event: 'slipway.run.silent',
    resource: resourceOf('flowRun', run),
    related: [
      namelessInRole('flow', 'flow', run.flowId),
      ...(around.deployment === undefined ? [] : [deploymentInRole(around.deployment)]),
      ...(around.workPool === undefined ? [] : [poolInRole(around.workPool)]),
      ...tagsInRole(run.tags),
    ],
    payload: {
      last_sign_of_life: isoText(lastAt),
      silent_seconds: Math.round((noticedAt - lastAt) / 1000),
      infrastructure_pid: run.infrastructurePid ?? null,
    },
  };
}
