// A run that waits to be started: what stands between it and its claim, the first thing that does.
import { isPushPool } from '../catalogue.ts';
import { startsAt } from '../run/lane.ts';
import { pollTimeoutMs, workerAliveUntil } from '../work-pool/status.ts';
import type { ExplainFacts, HolderFact, LimitFact } from './facts.ts';
import type { Explanation } from './reasons.ts';
import { clockTime, inSeconds, since } from './words.ts';

export function explainWaiting(facts: ExplainFacts): Explanation {
  return (
    notYet(facts) ??
    placeless(facts) ??
    paused(facts) ??
    full(facts) ??
    (facts.run.launched ? waitingForPump(facts) : waitingForWorker(facts))
  );
}

function notYet({ run, now, deployment }: ExplainFacts): Explanation | undefined {
  const at = startsAt(run);
  if (at <= now) return undefined;
  const isRetry = run.state.name === 'AwaitingRetry';
  const told = isRetry && run.state.message !== undefined ? ` ${run.state.message}` : '';
  return {
    reason: isRetry ? 'retry-wait' : 'scheduled',
    sentence: `It waits for its ${isRetry ? 'retry' : 'time'}, ${clockTime(at)}, which comes ${inSeconds(at, now)}.${told}`,
    evidence: { at, deployment_paused: deployment?.isPaused },
  };
}

function placeless({ run, workPool }: ExplainFacts): Explanation | undefined {
  if (run.workPoolName === undefined) {
    if (run.deploymentId !== undefined) return undefined;
    const sentence = 'Nobody is asked to start it, since it belongs to no work pool and no deployment.';
    return { reason: 'recorded-only', sentence, evidence: {} };
  }
  if (workPool !== undefined) return undefined;
  const sentence = `Its work pool ${run.workPoolName} does not exist any more.`;
  return { reason: 'no-work-pool', sentence, evidence: { work_pool: run.workPoolName } };
}

function paused({ workPool, workQueue }: ExplainFacts): Explanation | undefined {
  if (workPool?.isPaused === true) {
    const sentence = `Its work pool ${workPool.name} is paused.`;
    return { reason: 'paused-work-pool', sentence, evidence: { work_pool: workPool.name } };
  }
  if (workPool === undefined || workQueue?.isPaused !== true) return undefined;
  return {
    reason: 'paused-work-queue',
    sentence: `Its work queue ${workQueue.name} of the work pool ${workPool.name} is paused.`,
    evidence: { work_pool: workPool.name, work_queue: workQueue.name },
  };
}

function full({ run, limits, now }: ExplainFacts): Explanation | undefined {
  const limit = limits.find((fact) => isFull(fact, run.id));
  if (limit === undefined) return undefined;
  return {
    reason: 'limit',
    sentence: `${limitSentence(limit)}${holderWords(limit, now)}.`,
    evidence: {
      limit_of: limit.of,
      name: limit.name,
      limit: limit.limit,
      used: limit.used,
      holders: limit.holders.map(({ key, since: at, runId, name, state }) => ({
        key,
        since: at,
        ...(runId === undefined ? {} : { flow_run_id: runId }),
        ...(name === undefined ? {} : { name }),
        ...(state === undefined ? {} : { state }),
      })),
    },
  };
}

function isFull({ limit, used, holders }: LimitFact, runId: string): boolean {
  return used >= limit && !holders.some((holder) => holder.runId === runId);
}

function limitSentence({ of, name, limit }: LimitFact): string {
  if (limit === 0) return `The ${of} ${name} has a limit of 0 and lets no run start`;
  return `The ${of} ${name} allows ${limit} at a time, and ${limit === 1 ? 'its slot is' : 'all its slots are'} taken`;
}

const namedHolders = 3;

function holderWords({ holders }: LimitFact, now: number): string {
  if (holders.length === 0) return '';
  const named = holders.slice(0, namedHolders).map((holder) => `${holderName(holder)} (${since(holder.since, now)})`);
  const others = holders.length - named.length;
  return ` by ${named.join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
}

function holderName({ key, runId, name, state }: HolderFact): string {
  if (runId === undefined) return key;
  const called = name === undefined ? `flow run ${runId}` : `flow run ${name}`;
  return state === undefined ? called : `${called}, ${state}`;
}

function waitingForPump({ run, now, attempt, admission }: ExplainFacts): Explanation {
  const { isFrozen, waitMs, perSecond, share } = admission;
  if (isFrozen)
    return { reason: 'frozen', sentence: 'Slipway is frozen: nothing is started until it is thawed.', evidence: {} };
  if (attempt !== undefined && attempt.closed === undefined) {
    const sentence = `The task of an earlier attempt (${attempt.number}) is not known to have stopped yet.`;
    return { reason: 'former-task', sentence, evidence: { attempt: attempt.number, task_arn: attempt.taskArn } };
  }
  const rate = Math.round(perSecond * share * 100) / 100;
  const slowed = share < 1 ? `, ${rate} a second since AWS throttled, of ${perSecond}` : `, ${perSecond} a second`;
  const due = `It is due ${since(startsAt(run), now)}`;
  const evidence = { due: startsAt(run), launches_per_second: rate, share };
  if (waitMs <= 0)
    return { reason: 'next', sentence: `${due} and is claimed with the next launches${slowed}.`, evidence };
  return {
    reason: 'quota',
    sentence: `${due}, and the launch time of the account is spent${slowed}: the next task can start ${inSeconds(now + waitMs, now)}.`,
    evidence: { ...evidence, wait_ms: waitMs },
  };
}

function waitingForWorker({ now, workPool, workers, deployment }: ExplainFacts): Explanation {
  if (workPool === undefined) return waitingForRunner(deployment, now);
  if (isPushPool(workPool.type)) {
    const sentence =
      'It was only recorded: its work pool starts the runs that are scheduled in it, and this one was not.';
    return { reason: 'recorded-only', sentence, evidence: { work_pool: workPool.name } };
  }
  const alive = workers.filter((worker) => workerAliveUntil(worker) >= now);
  if (alive.length > 0) {
    const names = alive.map(({ name }) => name);
    const sentence = `It waits for a worker of the work pool ${workPool.name} to take it; online: ${names.join(', ')}.`;
    return { reason: 'worker', sentence, evidence: { work_pool: workPool.name, workers: names } };
  }
  const last = Math.max(...workers.map(({ lastHeartbeat }) => lastHeartbeat));
  const seen = workers.length === 0 ? 'none was ever seen' : `the last one was heard of at ${clockTime(last)}`;
  return {
    reason: 'no-worker',
    sentence: `It waits for a worker of the work pool ${workPool.name}, and none is online: ${seen}.`,
    evidence: { work_pool: workPool.name, ...(workers.length === 0 ? {} : { last_heartbeat: last }) },
  };
}

function waitingForRunner(deployment: ExplainFacts['deployment'], now: number): Explanation {
  const served = `a process that serves the deployment ${deployment?.name ?? 'that is gone'}`;
  const polled = deployment?.lastPolled;
  const evidence = polled === undefined ? {} : { last_polled: polled };
  if (polled !== undefined && polled + pollTimeoutMs >= now) {
    const sentence = `It waits for ${served} to take it; one asked for work at ${clockTime(polled)}.`;
    return { reason: 'runner', sentence, evidence };
  }
  const seen = polled === undefined ? 'none ever did' : `the last one did at ${clockTime(polled)}`;
  return { reason: 'no-runner', sentence: `It waits for ${served}, and none asks for work: ${seen}.`, evidence };
}
