// A run that was claimed: how far its attempt is on its way to the first line of code, and what holds it up.
import type { Attempt } from '../run/attempt.ts';
import { timing } from '../run/timing.ts';
import type { ExplainFacts } from './facts.ts';
import type { Explanation } from './reasons.ts';
import { clockTime, inSeconds, since } from './words.ts';

export function explainAttempt(facts: ExplainFacts): Explanation {
  const { attempt, now } = facts;
  if (attempt === undefined) throw new Error(`run ${facts.run.id} has an open attempt that is not there`);
  const told = attempt.taskArn === undefined ? launching(attempt, facts) : starting(attempt, now);
  const deadline = attempt.openedAt + attempt.startDeadlineSeconds * 1000;
  const isBound = told.reason !== 'engine-start';
  return {
    ...told,
    sentence: isBound ? `${told.sentence} Its start deadline is ${inSeconds(deadline, now)}.` : told.sentence,
    evidence: {
      attempt: attempt.number,
      ...told.evidence,
      ...(isBound ? { start_deadline: deadline } : {}),
    },
  };
}

function launching(attempt: Attempt, { now, admission, lastRefusal }: ExplainFacts): Explanation {
  const { currentTry, dueAt = now } = attempt;
  if (admission.isFrozen) {
    return { reason: 'frozen', sentence: 'Slipway is frozen: nothing is started until it is thawed.', evidence: {} };
  }
  if (currentTry.sends === 0) {
    const why = lastRefusal === undefined ? '' : `, ${lastRefusal.class}: ${lastRefusal.reason}`;
    return {
      reason: 'refused',
      sentence: `ECS refused to start its task (try ${currentTry.number - 1}${why}); the next try is made ${inSeconds(dueAt, now)}.`,
      evidence: { try: currentTry.number, next_try: dueAt, class: lastRefusal?.class, said: lastRefusal?.reason },
    };
  }
  const sentAt = currentTry.lastSentAt ?? attempt.openedAt;
  const evidence = { try: currentTry.number, sends: currentTry.sends, sent_at: sentAt };
  if (now - sentAt < timing.repeatLaunch) {
    return { reason: 'launching', sentence: `Its task was asked for at ${clockTime(sentAt)}.`, evidence };
  }
  return {
    reason: 'launch-unanswered',
    sentence: `ECS has not answered the request for its task ${since(sentAt, now)}; the same request is repeated, which starts no second task.`,
    evidence,
  };
}

function starting({ task, taskArn, taskKnownAt, openedAt }: Attempt, now: number): Explanation {
  const evidence = { task_arn: taskArn, last_status: task?.lastStatus };
  if (task?.lastStatus === 'RUNNING') {
    const at = task.startedAt ?? openedAt;
    const sentence = `Its task runs ${since(at, now)}, and its engine has not reported yet: Python and the flow are loaded.`;
    return { reason: 'engine-start', sentence, evidence: { ...evidence, started_at: at } };
  }
  if (task?.pullStartedAt !== undefined && task.pullStoppedAt === undefined) {
    const sentence = `The image of its task is pulled ${since(task.pullStartedAt, now)}.`;
    return { reason: 'image-pull', sentence, evidence: { ...evidence, pull_started_at: task.pullStartedAt } };
  }
  const at = task?.createdAt ?? taskKnownAt ?? openedAt;
  const isPulling = task?.lastStatus === 'PENDING' || task?.lastStatus === 'ACTIVATING';
  const sentence = isPulling
    ? `Its task has a host, and its image is pulled or its containers start; it was created ${clockTime(at)}.`
    : `ECS looks for a host and a network interface for its task ${since(at, now)}.`;
  return { reason: isPulling ? 'image-pull' : 'provisioning', sentence, evidence: { ...evidence, created_at: at } };
}
