// How long things may take, in milliseconds: the deadlines that the clock reads. Each figure says why.

const second = 1_000;
const minute = 60 * second;

export const timing = {
  /** The clock looks this far ahead: Scheduler's ticks lie up to 119 s apart, and one may be lost (design §3). */
  lookAhead: 240 * second,
  /** Prefect marks a run Late this long after its time. */
  lateAfter: 15 * second,
  /** A run that waits longer than this is looked at again; its lane wakes the pump more often. */
  waitingCheck: 10 * minute,
  /** A lane with waiting runs wakes the pump at least this often. */
  laneCheck: minute,
  /** A lane is removed once the index has shown it empty for this long (indexes lag). */
  laneEmptyFor: 5 * minute,
  /** How long it is remembered that runs wait for slots of a limit; whoever waits says so again before. */
  awaitedNote: 10 * minute,
  /** A hint early by less than this is waited for, by more re-sent. */
  earlyHint: 2 * second,
  pumpLease: 10 * second,
  /** No claim and no RunTask under an older reservation (rule 7). */
  reservation: 10 * second,
  /** A launch whose reply did not come is repeated after this, doubling up to the maximum. */
  repeatLaunch: 10 * second,
  repeatLaunchMax: 5 * minute,
  /** Client tokens may die with their task; nothing is sent later than this after a try's first send (rule 4). */
  tokenLife: 45 * minute,
  /** A full listing of stopped tasks proves anything only this long after the first send (ECS forgets after an hour). */
  stoppedProof: 55 * minute,
  /** RUNNING listings that prove absence lie this far apart and after the last send (ECS is eventually consistent). */
  absence: 5 * minute,
  /** A task that is not RUNNING yet is described this often, in case its events were lost. */
  startCheck: minute,
  /** A StopTask that has not stopped the task is repeated after this. */
  repeatStop: minute,
  /** A refused launch that may succeed later is tried again after this, doubling up to the maximum, with jitter. */
  retryLaunch: 2 * second,
  retryLaunchMax: minute,
  /** Late words of an engine whose task exited with 0. */
  finalWords: 10 * second,
  /** A provisional Crashed waits this long for ECS before it is asked (rule 8). */
  heldCrash: 150 * second,
  /** Grace before StopTask of a cancelled run: the engine runs its hooks (rule 10). */
  cancelGraceEngine: minute,
  cancelGraceExitCode: 0,
  /** When the task runs of a cancelled run are ended. */
  cancelledCleanUp: 20 * second,
  /** Prefect's wait for a deployment's slot. */
  awaitSlot: 30 * second,
  /** A cancelled run that others execute and that says nothing any more (Prefect's own figure). */
  cancelTimeout: 5 * minute,
  /** How often Prefect's engine gives a sign of life unless it is told otherwise. */
  heartbeat: 3 * minute,
  /** How long the second sign of life may take, when nobody knows yet how often they come. */
  firstHeartbeat: 30 * minute,
  /** A retry in an engine that never gave a sign of life. */
  retrySilence: 10 * minute,
  /** A subflow inside a living task is looked at this often, in case the word of its task's end was lost. */
  childCheck: 10 * minute,
  /** A task that outlives its run's end. */
  stopAfterCancelledOrCrashed: 30 * second,
  /** Hooks run after COMPLETED and FAILED. */
  stopAfterCompletedOrFailed: 10 * minute,
  /**
   * A deleted run's attempt numbers are remembered this long: its last attempt ends within its maximum duration (a day
   * unless somebody asks for more), and its tokens and events can speak for 25 hours after that (rule 4).
   */
  tracesKept: 30 * 24 * 60 * minute,
  /**
   * Who speaks for an attempt that a restored table lacks is told to come back after this long. Prefect's client does so
   * five times, and the clock's sweep comes every minute.
   */
  unknownAttempt: 20 * second,
  /** Waits before the new attempts after an infrastructure failure, the last one for all that follow. */
  restartDelays: [0, 10 * second, minute],
} as const;

/** Heartbeats that may be missed: three, as Prefect counts them. */
export const missedHeartbeats = 3;

export const defaultMaximumDurationSeconds = 24 * 3600;
