// On what the runs of a lane ran last: most likely on what the next ones will. A guess that the claim corrects.
import { laneName, laneOf } from '../domain/run/lane.ts';
import type { Run } from '../domain/run/run.ts';
import type { Wanted } from '../domain/submit/admission.ts';
import type { Candidate } from '../domain/submit/order.ts';
import { type CapacityType, capacityTypeOf } from '../domain/task/capacity.ts';
import type { Claimed, NoLaunchTime } from './claim-run.ts';

/** By `laneName`. */
export type LaneTypes = Map<string, CapacityType>;

/** Forgotten lanes cost a look; a long-lived process must not remember all that ever were. */
const mostLaneTypes = 10_000;

export function noteLaneType(laneTypes: LaneTypes, run: Run, answer: Claimed | NoLaunchTime): void {
  const lane = laneOf(run);
  if (lane === undefined) return;
  if (laneTypes.size >= mostLaneTypes) laneTypes.clear();
  const type = answer.kind === 'claimed' ? capacityTypeOf(answer.attempt.request) : answer.type;
  laneTypes.set(laneName(lane), type);
}

/** The capacity types of these candidates, as long as all of them are known. */
export function typesOf(laneTypes: LaneTypes, candidates: readonly Candidate[]): Pick<Wanted, 'types'> {
  const types = candidates.map(({ lane }) => laneTypes.get(laneName(lane)));
  const known = types.filter((type) => type !== undefined);
  return known.length < types.length ? {} : { types: [...new Set(known)] };
}
