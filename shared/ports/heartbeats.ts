// Signs of life of runs that we have no task for: noted from the engine's heartbeat events, judged when they stop.
import type { Signs } from '../domain/run/liveness.ts';

export type Heartbeats = {
  /**
   * Notes a sign of life at `occurredAt` (epoch ms, the engine's clock). What is not newer than the newest changes
   * nothing, so events may come twice and in any order. The clock visits the run once signs stay away for too long.
   */
  note(runId: string, occurredAt: number): Promise<void>;
  read(runId: string): Promise<Signs | undefined>;
  /** The run is over, or is judged otherwise: nobody waits for a sign any more. A newer one than was seen stays. */
  forget(runId: string, seen: Signs): Promise<void>;
};
