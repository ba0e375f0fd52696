// Why a run is not running (or what it does): one sentence and the evidence for it, the first reason that holds.
// Pure: facts come from the use case.
import { isRetryElsewhere } from '../run/due.ts';
import { isWaiting } from '../run/lane.ts';
import type { Run } from '../run/run.ts';
import { isTerminal } from '../run/state.ts';
import { explainAttempt } from './explain-attempt.ts';
import { explainWaiting } from './explain-waiting.ts';
import type { ExplainFacts } from './facts.ts';
import type { Explanation } from './reasons.ts';
import { clockTime, inSeconds, since } from './words.ts';

export function explain(facts: ExplainFacts): Explanation {
  const { run, now } = facts;
  if (isTerminal(run.state.type)) return ended(run);
  if (isWaiting(run)) return explainWaiting(facts);
  switch (run.state.type) {
    case 'CANCELLING':
      return cancelling(facts);
    case 'PAUSED':
      return paused(facts);
    case 'RUNNING':
      return {
        reason: 'running',
        sentence: `It runs ${since(run.startTime ?? run.state.timestamp, now)}${where(run)}.`,
        evidence: { since: run.startTime ?? run.state.timestamp },
      };
    case 'SCHEDULED':
      return retrying(facts);
    default:
      return run.isAttemptOpen ? explainAttempt(facts) : elsewhere(facts);
  }
}

function where({ infrastructurePid }: Run): string {
  return infrastructurePid === undefined ? '' : ` in ${infrastructurePid}`;
}

function ended({ state }: Run): Explanation {
  const message = state.message === undefined || state.message === '' ? '' : `: ${state.message}`;
  return {
    reason: 'ended',
    sentence: `It ended as ${state.name} at ${clockTime(state.timestamp)}${message}`.replace(/\.?$/, '.'),
    evidence: { at: state.timestamp, message: state.message },
  };
}

function cancelling({ run, attempt, now }: ExplainFacts): Explanation {
  const requested = run.isAttemptOpen ? attempt?.stopRequested : undefined;
  const sentence =
    requested === undefined
      ? `It was cancelled ${since(run.state.timestamp, now)}, and ${run.isAttemptOpen ? 'its flow may run its hooks before its task is stopped' : 'whoever executes it has not reported its end yet'}.`
      : `It was cancelled ${since(run.state.timestamp, now)}; its task was told to stop ${requested.sends} times, the last time ${since(requested.at, now)}, and has not stopped yet.`;
  return { reason: 'cancelling', sentence, evidence: { since: run.state.timestamp, stop_requested: requested?.at } };
}

function paused({ run, now }: ExplainFacts): Explanation {
  const { pauseTimeout, pauseReschedule } = run.state.details;
  const until = pauseTimeout === undefined ? '' : `, and fails if nobody does ${inSeconds(pauseTimeout, now)}`;
  const what = pauseReschedule === true ? 'is suspended and has no task' : 'is paused inside its task';
  return {
    reason: 'paused-run',
    sentence: `It ${what} until somebody resumes it${until}.`,
    evidence: { timeout: pauseTimeout },
  };
}

/** SCHEDULED, and not for whoever submits runs: an engine keeps the retry, or the former task is still there. */
function retrying({ run, attempt, now }: ExplainFacts): Explanation {
  const at = run.state.details.scheduledTime ?? run.state.timestamp;
  const isInEngine = isRetryElsewhere(run) || run.empiricalPolicy.retryType === 'in_process';
  if (isInEngine) {
    return {
      reason: 'retry-wait',
      sentence: `It failed and is tried again by its own engine ${inSeconds(at, now)}.`,
      evidence: { at },
    };
  }
  return {
    reason: 'former-task',
    sentence: `It waits until the task of its attempt ${run.attempt} has stopped, which ECS calls ${attempt?.task?.lastStatus ?? 'unknown'}.`,
    evidence: { attempt: run.attempt, task_arn: attempt?.taskArn },
  };
}

function elsewhere({ run, now }: ExplainFacts): Explanation {
  return {
    reason: 'starting-elsewhere',
    sentence: `A worker took it ${since(run.state.timestamp, now)} and has not reported that it runs.`,
    evidence: { since: run.state.timestamp, infrastructure_pid: run.infrastructurePid },
  };
}
