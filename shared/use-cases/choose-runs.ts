// Which candidates the pump may claim now: their lanes' limits, the gates as they are, and the pure rule over both.
// Nothing is read of lanes without a limit but the deployment, which the claim needs as well.
import type { Deployment } from '../domain/catalogue.ts';
import { deploymentTerms } from '../domain/limit/deployment-slot.ts';
import type { Gate, Limit } from '../domain/limit/limit.ts';
import { laneName } from '../domain/run/lane.ts';
import type { Lane } from '../domain/run/run.ts';
import { timing } from '../domain/run/timing.ts';
import { catchUpRule } from '../domain/schedule/catch-up.ts';
import { type Fitting, fitCandidates, gateIdsOf, type LaneLimits, type Room } from '../domain/submit/fit.ts';
import type { Candidate } from '../domain/submit/order.ts';
import { waitingBounds } from '../domain/work-pool/waiting-bounds.ts';
import { freeExpired, type LimitDeps } from './acquire-slots.ts';
import { type ClaimDeps, createFacts, remembered } from './claim-run.ts';
import { overtakenRuns } from './overtaken-runs.ts';
import type { JobFacts } from './render-job.ts';
import { type OpenPool, placeOfLane } from './waiting-candidates.ts';

export type ChooseDeps = Pick<ClaimDeps, 'catalogue' | 'runs'> &
  LimitDeps & {
    /** Until when this process has noted that runs wait at a gate, by the gate's id. @default none is known */
    readonly notedGates?: Map<string, number>;
  };

/** What one pass knows: each thing is read once, when it is first asked for. */
export type PassFacts = JobFacts & {
  readonly limitsOf: (lane: Lane) => Promise<LaneLimits>;
  /** Reads what the choice and the claims of a lane's runs ask for. */
  readonly readAhead: (lane: Lane) => Promise<unknown>;
};

export function createPassFacts(deps: ChooseDeps, pools: readonly OpenPool[]): PassFacts {
  const facts = createFacts(deps);
  const limit = remembered((id) => deps.limits.read(id));
  const byName = new Map<string, Promise<LaneLimits>>();
  const read = async (lane: Lane): Promise<LaneLimits> => {
    const place = placeOfLane(pools, lane);
    const deployment = lane.deploymentId === undefined ? undefined : await facts.deployment(lane.deploymentId);
    const id = deployment?.concurrencyLimitId;
    const own = id === undefined ? undefined : await limit(id);
    const bounded = { place, ...overdueTerms(deps, { pools, lane, deployment }) };
    if (own?.active !== true) return bounded;
    return { ...bounded, deployment: deploymentTerms(own, deployment?.concurrencyOptions) };
  };
  const limitsOf = (lane: Lane) => {
    const name = laneName(lane);
    const there = byName.get(name) ?? read(lane);
    byName.set(name, there);
    return there;
  };
  const flowOf = async (deploymentId: string | undefined) => {
    const deployment = deploymentId === undefined ? undefined : await facts.deployment(deploymentId);
    return deployment === undefined ? undefined : facts.flow(deployment.flowId);
  };
  const readAhead = (lane: Lane) =>
    Promise.all([limitsOf(lane), facts.workPool(lane.workPoolName), flowOf(lane.deploymentId)]);
  return { ...facts, limitsOf, readAhead };
}

function overdueTerms(
  { world }: Pick<ChooseDeps, 'world'>,
  { pools, lane, deployment }: { pools: readonly OpenPool[]; lane: Lane; deployment: Deployment | undefined },
): Pick<LaneLimits, 'skipAfterMs' | 'catchUp'> {
  const pool = pools.find((open) => open.pool.name === lane.workPoolName)?.pool;
  const { skipAfterSeconds } = waitingBounds({ pool, deployment });
  const catchUp = deployment === undefined ? undefined : catchUpRule({ pool, deployment, sha256: world.sha256 });
  return {
    ...(skipAfterSeconds === undefined ? {} : { skipAfterMs: skipAfterSeconds * 1000 }),
    ...(catchUp === undefined ? {} : { catchUp }),
  };
}

/** A transaction takes 100 items: three gates and, for each run, its head, attempt, three holders and a lease. */
const takersPerPass = 16;

/** The first runs that fit, `limit` at most. Gates are read consistently, once unless somebody's lease ran out. */
export async function chooseRuns(
  deps: ChooseDeps,
  { limitsOf }: Pick<PassFacts, 'limitsOf'>,
  { candidates, limit }: { readonly candidates: readonly Candidate[]; readonly limit: number },
): Promise<Fitting> {
  const first = candidates.slice(0, limit);
  const chosen = await fitted(deps, limitsOf, { candidates: first, limit });
  const isEnough = chosen.rest > 0 || chosen.fit.length === first.length || first.length === candidates.length;
  if (isEnough) return { ...chosen, rest: chosen.rest + candidates.length - first.length };
  return fitted(deps, limitsOf, { candidates, limit });
}

async function fitted(
  deps: ChooseDeps,
  limitsOf: PassFacts['limitsOf'],
  { candidates, limit }: { readonly candidates: readonly Candidate[]; readonly limit: number },
): Promise<Fitting> {
  const lanes = new Map(candidates.map(({ lane }) => [laneName(lane), lane]));
  const known = await Promise.all([...lanes].map(async ([name, lane]) => [name, await limitsOf(lane)] as const));
  const byName = new Map(known);
  const limits = (lane: Lane): LaneLimits => byName.get(laneName(lane)) ?? { place: [] };
  const gateIds = [...new Set(known.flatMap(([, ofLane]) => gateIdsOf(ofLane)))];
  const most = { runs: limit, takers: takersPerPass };
  const overtaken = await overtakenRuns(deps, candidates, ({ lane }) => limits(lane).catchUp);
  const ask = (gates: readonly Gate[]): Room => {
    const byId = new Map(gates.map((gate) => [gate.id, gate]));
    return { limitsOf: limits, gates: byId, now: deps.world.now(), overtaken, most };
  };
  const active = known.flatMap(([, { deployment }]) => (deployment === undefined ? [] : [deployment.limit]));
  return askRoom(deps, { gateIds, active, ask: (gates) => fitCandidates(candidates, ask(gates)) });
}

type Question = {
  readonly gateIds: readonly string[];
  readonly active: readonly Limit[];
  readonly ask: (gates: readonly Gate[]) => Fitting;
};

/** What is freed, or noted, may change the answer: it is asked again then, twice at most. */
async function askRoom(deps: ChooseDeps, { gateIds, active, ask }: Question): Promise<Fitting> {
  for (let round = 0; ; round += 1) {
    const gates = gateIds.length === 0 ? [] : await deps.limits.gates(gateIds);
    const fitting = ask(gates);
    if (round === 2) return fitting;
    const { expired } = fitting;
    if (expired.length > 0) await freeExpired(deps, { expired, active, gates });
    const isNoted = await noteAwaited(deps, fitting);
    if (expired.length === 0 && !isNoted) return fitting;
  }
}

/**
 * Whoever gives back slots of a limit that others share looks for this note. A gate is looked at again after it was
 * noted: what came free just before would wake nobody.
 */
async function noteAwaited({ limits, notedGates, world }: ChooseDeps, { awaited }: Fitting): Promise<boolean> {
  const now = world.now();
  const unknown = awaited.filter(({ limitId }) => (notedGates?.get(limitId) ?? 0) < now + timing.laneCheck);
  await Promise.all(
    unknown.map(async ({ limitId }) => {
      await limits.noteAwaited(limitId, now + timing.awaitedNote);
      notedGates?.set(limitId, now + timing.awaitedNote);
    }),
  );
  return unknown.length > 0;
}
