// Why a run is not running: for each reason the facts that make it, and the sentence.
import { describe, expect, it } from 'vitest';
import { explain } from '../../shared/domain/explain/explain.ts';
import type { ExplainFacts, LimitFact } from '../../shared/domain/explain/facts.ts';
import { type ExplainReason, explainReasons } from '../../shared/domain/explain/reasons.ts';
import { terminalTypes } from '../../shared/domain/run/state.ts';
import { anAttempt, aPushRun, aRun, aState, aTask, minute, queueId, second, start } from '../support/run-builders.ts';

const at = (seconds: number) => start + seconds * second;
const waiting = aPushRun({ state: 'SCHEDULED', attempt: 0, isAttemptOpen: false });
const pending = aPushRun({ state: 'PENDING' });
const hybrid = aRun({ state: 'SCHEDULED', workPoolName: 'production', workQueueId: queueId });
const pushPool = { name: 'production', type: 'ecs:push', isPaused: false };
const hybridPool = { ...pushPool, type: 'ecs' };
const admission = { isFrozen: false, waitMs: 0, perSecond: 20, share: 1 };
const unsent = { number: 3, clientToken: 't', sends: 0 };
const holder = { key: 'run#h', since: at(-30), runId: 'h', name: 'calm-fox', state: 'Running' };
const limit: LimitFact = { of: 'work pool', name: 'production', limit: 1, used: 1, holders: [holder] };

const facts = (over: Partial<ExplainFacts> = {}): ExplainFacts => ({
  now: at(12),
  run: waiting,
  workPool: pushPool,
  workQueue: { name: 'default', isPaused: false },
  workers: [],
  limits: [],
  admission,
  ...over,
});
const poolless = (over: Partial<ExplainFacts>): ExplainFacts => {
  const { workPool: _none, ...rest } = facts(over);
  return rest;
};
const { deploymentId: _none, ...alone } = aRun({ state: 'SCHEDULED' });
const claimed = (over: Parameters<typeof anAttempt>[0] = {}) => facts({ run: pending, attempt: anAttempt(over) });
const started = (task: Parameters<typeof aTask>[1], status = 'PENDING') =>
  claimed({ taskArn: 'arn', taskKnownAt: at(1), task: aTask(status, task) });

const later = aState('SCHEDULED', { details: { scheduledTime: at(72) } });
const retry = aState('SCHEDULED', {
  name: 'AwaitingRetry',
  message: 'Attempt 1 was lost.',
  details: { scheduledTime: at(22) },
});
const inProcess = { pauseKeys: [], resuming: false, retryType: 'in_process' } as const;

/** One row for each reason: the sentence as it is read. */
const cases: readonly [ExplainReason, ExplainFacts, string][] = [
  ['running', facts({ run: aPushRun({ state: 'RUNNING', startTime: start }) }), 'It runs for 12 s.'],
  [
    'running',
    facts({ run: aPushRun({ state: 'RUNNING', infrastructurePid: 'c::arn' }) }),
    'It runs for 12 s in c::arn.',
  ],
  [
    'ended',
    facts({ run: aPushRun({ state: aState('CRASHED', { message: 'OutOfMemoryError' }) }) }),
    'It ended as Crashed at 2026-01-05T08:00:00.000Z: OutOfMemoryError.',
  ],
  [
    'cancelling',
    facts({ run: aPushRun({ state: 'CANCELLING' }), attempt: anAttempt() }),
    'It was cancelled for 12 s, and its flow may run its hooks before its task is stopped.',
  ],
  [
    'cancelling',
    facts({ run: aRun({ state: 'CANCELLING' }) }),
    'It was cancelled for 12 s, and whoever executes it has not reported its end yet.',
  ],
  [
    'cancelling',
    facts({
      run: aPushRun({ state: 'CANCELLING' }),
      attempt: anAttempt({ stopRequested: { at: at(2), cause: 'cancelled', sends: 1 } }),
    }),
    'It was cancelled for 12 s; its task was told to stop 1 times, the last time for 10 s, and has not stopped yet.',
  ],
  [
    'paused-run',
    facts({ run: aPushRun({ state: 'PAUSED' }) }),
    'It is paused inside its task until somebody resumes it.',
  ],
  [
    'paused-run',
    facts({ run: aPushRun({ state: aState('PAUSED', { details: { pauseReschedule: true, pauseTimeout: at(72) } }) }) }),
    'It is suspended and has no task until somebody resumes it, and fails if nobody does in 60 s.',
  ],
  [
    'scheduled',
    facts({ run: aRun({ ...waiting, state: later }) }),
    'It waits for its time, 2026-01-05T08:01:12.000Z, which comes in 60 s.',
  ],
  [
    'retry-wait',
    facts({ run: aRun({ ...waiting, state: retry }) }),
    'It waits for its retry, 2026-01-05T08:00:22.000Z, which comes in 10 s. Attempt 1 was lost.',
  ],
  [
    'retry-wait',
    facts({ run: aPushRun({ state: retry, empiricalPolicy: inProcess }), attempt: anAttempt() }),
    'It failed and is tried again by its own engine in 10 s.',
  ],
  [
    'former-task',
    facts({ run: aPushRun({ state: 'SCHEDULED' }), attempt: anAttempt({ task: aTask('DEPROVISIONING') }) }),
    'It waits until the task of its attempt 1 has stopped, which ECS calls DEPROVISIONING.',
  ],
  [
    'former-task',
    facts({ attempt: anAttempt() }),
    'The task of an earlier attempt (1) is not known to have stopped yet.',
  ],
  [
    'recorded-only',
    facts({ run: alone }),
    'Nobody is asked to start it, since it belongs to no work pool and no deployment.',
  ],
  [
    'recorded-only',
    facts({ run: hybrid }),
    'It was only recorded: its work pool starts the runs that are scheduled in it, and this one was not.',
  ],
  ['no-work-pool', poolless({ run: waiting }), 'Its work pool production does not exist any more.'],
  ['paused-work-pool', facts({ workPool: { ...pushPool, isPaused: true } }), 'Its work pool production is paused.'],
  [
    'paused-work-queue',
    facts({ workQueue: { name: 'urgent', isPaused: true } }),
    'Its work queue urgent of the work pool production is paused.',
  ],
  [
    'limit',
    facts({ limits: [limit] }),
    'The work pool production allows 1 at a time, and its slot is taken by flow run calm-fox, Running (for 42 s).',
  ],
  [
    'limit',
    facts({
      limits: [{ ...limit, of: 'deployment', name: 'nightly', limit: 5, used: 5, holders: Array(5).fill(holder) }],
    }),
    'The deployment nightly allows 5 at a time, and all its slots are taken by flow run calm-fox, Running (for 42 s), flow run calm-fox, Running (for 42 s), flow run calm-fox, Running (for 42 s) and 2 more.',
  ],
  [
    'limit',
    facts({ limits: [{ ...limit, holders: [{ key: 'lease#1', since: at(2) }] }] }),
    'The work pool production allows 1 at a time, and its slot is taken by lease#1 (for 10 s).',
  ],
  [
    'limit',
    facts({ limits: [{ ...limit, of: 'work queue', name: 'urgent', limit: 0, used: 0, holders: [] }] }),
    'The work queue urgent has a limit of 0 and lets no run start.',
  ],
  [
    'frozen',
    facts({ admission: { ...admission, isFrozen: true } }),
    'Slipway is frozen: nothing is started until it is thawed.',
  ],
  [
    'quota',
    facts({ admission: { ...admission, waitMs: 3000, share: 0.5 } }),
    'It is due for 12 s, and the launch time of the account is spent, 10 a second since AWS throttled, of 20: the next task can start in 3 s.',
  ],
  ['next', facts(), 'It is due for 12 s and is claimed with the next launches, 20 a second.'],
  [
    'no-worker',
    facts({ run: hybrid, workPool: hybridPool }),
    'It waits for a worker of the work pool production, and none is online: none was ever seen.',
  ],
  [
    'no-worker',
    facts({ run: hybrid, workPool: hybridPool, workers: [{ name: 'w', lastHeartbeat: start - 5 * minute }] }),
    'It waits for a worker of the work pool production, and none is online: the last one was heard of at 2026-01-05T07:55:00.000Z.',
  ],
  [
    'worker',
    facts({ run: hybrid, workPool: hybridPool, workers: [{ name: 'w', lastHeartbeat: start }] }),
    'It waits for a worker of the work pool production to take it; online: w.',
  ],
  [
    'no-runner',
    poolless({ run: aRun({}), deployment: { name: 'nightly', isPaused: false } }),
    'It waits for a process that serves the deployment nightly, and none asks for work: none ever did.',
  ],
  [
    'no-runner',
    poolless({ run: aRun({}), deployment: { name: 'nightly', isPaused: false, lastPolled: at(-90) } }),
    'It waits for a process that serves the deployment nightly, and none asks for work: the last one did at 2026-01-05T07:58:30.000Z.',
  ],
  [
    'runner',
    poolless({ run: aRun({}), deployment: { name: 'nightly', isPaused: false, lastPolled: start } }),
    'It waits for a process that serves the deployment nightly to take it; one asked for work at 2026-01-05T08:00:00.000Z.',
  ],
  [
    'starting-elsewhere',
    facts({ run: aRun({ state: 'PENDING' }) }),
    'A worker took it for 12 s and has not reported that it runs.',
  ],
  [
    'refused',
    {
      ...claimed({ currentTry: unsent, dueAt: at(15) }),
      lastRefusal: { class: 'capacity', reason: 'Capacity is unavailable at this time' },
    },
    'ECS refused to start its task (try 2, capacity: Capacity is unavailable at this time); the next try is made in 3 s. Its start deadline is in 888 s.',
  ],
  [
    'refused',
    claimed({ currentTry: unsent, dueAt: at(3) }),
    'ECS refused to start its task (try 2); the next try is made now. Its start deadline is in 888 s.',
  ],
  [
    'frozen',
    { ...claimed(), admission: { ...admission, isFrozen: true } },
    'Slipway is frozen: nothing is started until it is thawed. Its start deadline is in 888 s.',
  ],
  [
    'launching',
    { ...claimed(), now: at(2) },
    'Its task was asked for at 2026-01-05T08:00:00.000Z. Its start deadline is in 898 s.',
  ],
  [
    'launch-unanswered',
    claimed(),
    'ECS has not answered the request for its task for 12 s; the same request is repeated, which starts no second task. Its start deadline is in 888 s.',
  ],
  [
    'provisioning',
    started({ createdAt: at(2) }, 'PROVISIONING'),
    'ECS looks for a host and a network interface for its task for 10 s. Its start deadline is in 888 s.',
  ],
  [
    'provisioning',
    claimed({ taskArn: 'arn', taskKnownAt: at(1) }),
    'ECS looks for a host and a network interface for its task for 11 s. Its start deadline is in 888 s.',
  ],
  [
    'image-pull',
    started({ pullStartedAt: at(2) }),
    'The image of its task is pulled for 10 s. Its start deadline is in 888 s.',
  ],
  [
    'image-pull',
    started({ createdAt: at(2) }),
    'Its task has a host, and its image is pulled or its containers start; it was created 2026-01-05T08:00:02.000Z. Its start deadline is in 888 s.',
  ],
  [
    'engine-start',
    started({ startedAt: at(2) }, 'RUNNING'),
    'Its task runs for 10 s, and its engine has not reported yet: Python and the flow are loaded.',
  ],
];

describe('a run is explained', () => {
  it.each(cases)('%s', (reason, given, sentence) => {
    expect(explain(given)).toMatchObject({ reason, sentence });
  });

  it('by each reason that there is', () => {
    expect(new Set(cases.map(([reason]) => reason))).toEqual(new Set(explainReasons));
  });

  it.each(terminalTypes)('as ended once it is %s, whatever holds others up', (type) => {
    const given = facts({
      run: aPushRun({ state: type }),
      limits: [limit],
      admission: { ...admission, isFrozen: true },
    });

    expect(explain(given).reason).toBe('ended');
  });

  it('by no limit under which it holds a slot itself', () => {
    const own = { ...limit, holders: [{ ...holder, runId: waiting.id }] };

    expect(explain(facts({ limits: [own] })).reason).toBe('next');
  });

  it('with who holds the slots as evidence', () => {
    expect(explain(facts({ limits: [limit] })).evidence).toMatchObject({
      limit_of: 'work pool',
      limit: 1,
      used: 1,
      holders: [{ flow_run_id: 'h', name: 'calm-fox', state: 'Running', since: at(-30) }],
    });
  });
});
