// Reads what may stand between a run and its first line of code, and asks the rules for the sentence.
import { explain } from '../domain/explain/explain.ts';
import type { ExplainFacts, HolderFact, LimitFact } from '../domain/explain/facts.ts';
import type { Explanation } from '../domain/explain/reasons.ts';
import type { Gate } from '../domain/limit/limit.ts';
import { type PlaceLimits, placeLimits } from '../domain/limit/place-slots.ts';
import { activeSlots, isExpired } from '../domain/limit/room.ts';
import type { Attempt } from '../domain/run/attempt.ts';
import { type Latency, latencyOf } from '../domain/run/latency.ts';
import type { Run } from '../domain/run/run.ts';
import { emptyAdmission, isFrozen, type LaunchRate, launchTime } from '../domain/submit/admission.ts';
import type { Admission } from '../ports/admission.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Limits } from '../ports/limits.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';

export type ExplainDeps = {
  readonly world: Pick<World, 'now'>;
  readonly runs: Pick<Runs, 'read' | 'readMany' | 'readAttempt' | 'readStates'>;
  readonly catalogue: Pick<Catalogue, 'deployments' | 'workPools' | 'workQueues' | 'workers'>;
  readonly limits: Pick<Limits, 'read' | 'gates'>;
  readonly admission: Pick<Admission, 'read'>;
  readonly launchRate: LaunchRate;
};

/** `latency` is that of the newest attempt, if there was one. */
export type Explained = { readonly run: Run; readonly explanation: Explanation; readonly latency?: Latency };

/** undefined: no such run. */
export async function explainRun(deps: ExplainDeps, runId: string): Promise<Explained | undefined> {
  const run = await deps.runs.read(runId);
  if (run === undefined) return undefined;
  const [facts, states] = await Promise.all([readFacts(deps, run), deps.runs.readStates(runId)]);
  const explanation = explain(facts);
  if (facts.attempt === undefined) return { run, explanation };
  return { run, explanation, latency: latencyOf(facts.attempt, states) };
}

async function readFacts(deps: ExplainDeps, run: Run): Promise<ExplainFacts> {
  const { catalogue } = deps;
  const { workPoolName, workQueueId, deploymentId } = run;
  const [attempt, deployment, workPool, workQueues, workers, stored] = await Promise.all([
    run.attempt === 0 ? undefined : deps.runs.readAttempt(run.id, run.attempt),
    deploymentId === undefined ? undefined : catalogue.deployments.read(deploymentId),
    workPoolName === undefined ? undefined : catalogue.workPools.read(workPoolName),
    workPoolName === undefined ? [] : catalogue.workQueues.list(workPoolName),
    workPoolName === undefined ? [] : catalogue.workers.list(workPoolName),
    deps.admission.read(),
  ]);
  const workQueue = workQueues.find(({ id }) => id === workQueueId);
  const now = deps.world.now();
  const admission = stored ?? emptyAdmission(deps.launchRate, now);
  const place = { ...(workPool && { workPool }), ...(workQueue && { workQueue }) };
  return {
    now,
    run,
    ...(attempt && { attempt, ...refusalOf(attempt) }),
    ...place,
    workers,
    ...(deployment && { deployment: { ...deployment, isPaused: deployment.paused } }),
    limits: [...(await placeFacts(deps, place)), ...(await deploymentFacts(deps, deployment))],
    admission: {
      ...launchTime(admission, deps.launchRate, now),
      isFrozen: isFrozen(admission),
      perSecond: deps.launchRate.perSecond,
    },
  };
}

/** An attempt that remembers its tries, newest last. */
type Remembering = Pick<Attempt, 'number'> & {
  readonly pastTries?: readonly { readonly class: string; readonly reason: string }[];
};

function refusalOf({ pastTries = [] }: Remembering): Pick<ExplainFacts, 'lastRefusal'> {
  const last = pastTries.at(-1);
  return last === undefined ? {} : { lastRefusal: { class: last.class, reason: last.reason } };
}

async function placeFacts(deps: ExplainDeps, place: PlaceLimits & Pick<ExplainFacts, 'workPool' | 'workQueue'>) {
  const wanted = placeLimits(place);
  const gates = await deps.limits.gates(wanted.map(({ gateId }) => gateId));
  return Promise.all(
    wanted.flatMap(({ gateId, limit }) => {
      const gate = gates.find(({ id }) => id === gateId);
      const isPool = gateId.startsWith('pool:');
      const of = isPool ? ('work pool' as const) : ('work queue' as const);
      const name = (isPool ? place.workPool?.name : place.workQueue?.name) ?? '';
      return gate === undefined ? [] : [limitFact(deps, { of, name, limit }, { gate, slotDecayPerSecond: 0 })];
    }),
  );
}

async function deploymentFacts(
  deps: ExplainDeps,
  deployment: { readonly name: string; readonly concurrencyLimitId?: string } | undefined,
): Promise<readonly LimitFact[]> {
  const limitId = deployment?.concurrencyLimitId;
  if (deployment === undefined || limitId === undefined) return [];
  const [known, [gate]] = await Promise.all([deps.limits.read(limitId), deps.limits.gates([limitId])]);
  if (known === undefined || gate === undefined || !known.active) return [];
  return [await limitFact(deps, { of: 'deployment', name: deployment.name, limit: known.limit }, { ...known, gate })];
}

async function limitFact(
  { runs, world }: ExplainDeps,
  limit: Pick<LimitFact, 'of' | 'name' | 'limit'>,
  { gate, slotDecayPerSecond }: { readonly gate: Gate; readonly slotDecayPerSecond: number },
): Promise<LimitFact> {
  const now = world.now();
  const holders = gate.holders.filter((holder) => holder.slots > 0 && !isExpired(holder, now));
  const ids = holders.flatMap(({ who }) => (who?.type === 'flow_run' ? [who.id] : []));
  const named = new Map((await runs.readMany(ids)).map((run) => [run.id, run]));
  return {
    ...limit,
    used: activeSlots(gate, slotDecayPerSecond, now),
    holders: holders.map(({ key, since, who }): HolderFact => {
      if (who?.type !== 'flow_run') return { key, since };
      const run = named.get(who.id);
      return { key, since, runId: who.id, ...(run && { name: run.name, state: run.state.name }) };
    }),
  };
}
