// The last step of a trigger: the run is recorded, if one more may wait where it belongs.
import type { ErrorCode } from '../domain/errors.ts';
import type { Run } from '../domain/run/run.ts';
import { type BoundDeps, type BoundedPlace, boundWaiting, dropWaiting, fullRetrySeconds } from './bound-waiting.ts';
import { type NewRun, type RecordRunDeps, recordRun } from './record-run.ts';

export type TriggerAnswer =
  | { readonly kind: 'created' | 'existing'; readonly run: Run }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly reason: string;
      readonly details?: unknown;
      /** When it may be asked for again. */
      readonly retryAfterSeconds?: number;
    };

export type RecordBoundedDeps = RecordRunDeps & BoundDeps;

/** One more waiting run, where its pool, queue and deployment have room for it; a repeat finds its run all the same. */
export async function recordBounded(deps: RecordBoundedDeps, run: NewRun, place: BoundedPlace): Promise<TriggerAnswer> {
  const { type, details } = run.state;
  const { scheduledTime } = details;
  const due = scheduledTime === undefined ? {} : { scheduledTime };
  const admitted = type === 'SCHEDULED' ? await boundWaiting(deps, { ...place, ...due }) : undefined;
  if (admitted?.kind === 'full') {
    const known = run.id === undefined ? undefined : await deps.runs.read(run.id);
    if (known !== undefined) return { kind: 'existing', run: known };
    return { kind: 'refused', code: 'throttled', reason: admitted.reason, retryAfterSeconds: fullRetrySeconds };
  }
  const recorded = await recordRun(deps, run);
  if (recorded.kind === 'created' && admitted !== undefined) await dropWaiting(deps, admitted.dropped);
  return recorded;
}
