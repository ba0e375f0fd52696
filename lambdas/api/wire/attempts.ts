// Attempts for the wire.
import type { z } from 'zod';
import type { attemptRoutes } from '../../../shared/contract/attempts.ts';
import type { Attempt, PastTry } from '../../../shared/domain/run/attempt.ts';
import { startDeadlineOf } from '../../../shared/domain/run/attempt-step.ts';
import { type Asked, askedBy } from '../../../shared/domain/task/capacity.ts';
import { isoOrNull, isoText } from './times.ts';

type AttemptWire = z.input<typeof attemptRoutes.read_flow_run_attempts.response>[number];
type TryWire = AttemptWire['tries'][number];

export function attemptToWire(attempt: Attempt): AttemptWire {
  const { closed, task, pastTries = [] } = attempt;
  const deciding = task?.containers.find(({ name }) => name === attempt.container);
  return {
    number: attempt.number,
    opened_at: isoText(attempt.openedAt),
    closed_at: isoOrNull(closed?.at),
    end: closed?.end ?? null,
    reason: closed?.reason ?? null,
    reports: attempt.reports,
    cluster: attempt.cluster,
    task_definition: attempt.family,
    task_arn: attempt.taskArn ?? null,
    start_deadline: isoText(startDeadlineOf(attempt)),
    maximum_duration_seconds: attempt.maximumDurationSeconds,
    stop_cause: attempt.stopRequested?.cause ?? null,
    last_status: task?.lastStatus ?? null,
    stop_code: task?.stopCode ?? null,
    stopped_reason: task?.stoppedReason ?? null,
    exit_code: deciding?.exitCode ?? null,
    started_at: isoOrNull(task?.startedAt),
    stopped_at: isoOrNull(task?.stoppedAt),
    forgotten_tries: attempt.currentTry.number - 1 - pastTries.length,
    tries: [...pastTries.map(pastTryToWire), ...currentTry(attempt)],
  };
}

function askedToWire({
  capacity,
  cpu,
  memory,
  subnets,
}: Asked): Pick<TryWire, 'capacity' | 'cpu' | 'memory' | 'subnets'> {
  return { capacity, cpu: cpu ?? null, memory: memory ?? null, subnets: [...(subnets ?? [])] };
}

function pastTryToWire(past: PastTry): TryWire {
  return {
    number: past.number,
    ...askedToWire(past.asked),
    sent_at: isoOrNull(past.sentAt),
    sends: past.sends,
    ended_at: isoText(past.endedAt),
    outcome: past.class,
    code: past.code,
    reason: past.reason,
  };
}

/** The last try of an attempt that never got a task is no try when nothing was sent for it. */
function currentTry({ currentTry: { number, firstSentAt, sends }, closed, ...attempt }: Attempt): TryWire[] {
  if (closed !== undefined && sends === 0) return [];
  const waiting = sends === 0 ? 'waiting' : 'sent';
  return [
    {
      number,
      ...askedToWire(askedBy(attempt.request, attempt.definedSize)),
      sent_at: isoOrNull(firstSentAt),
      sends,
      ended_at: null,
      outcome: attempt.taskArn === undefined ? waiting : 'launched',
      code: null,
      reason: null,
    },
  ];
}
