// What Prefect estimates of a run by now, in milliseconds: how long it has run, how late it is.
import type { Run } from './run.ts';
import { isTerminal } from './state.ts';

/** All the time it was RUNNING, the present one included. */
export function estimatedRunTimeMs(run: Run, now: number): number {
  const present = run.state.type === 'RUNNING' ? Math.max(0, now - run.state.timestamp) : 0;
  return run.totalRunTimeMs + present;
}

/** How much later than expected a run started, or would start if it did now. */
export function latenessMs(run: Run, now: number): number {
  const expected = run.expectedStartTime;
  if (expected === undefined) return 0;
  if (run.startTime !== undefined) return Math.max(0, run.startTime - expected);
  return isTerminal(run.state.type) ? 0 : Math.max(0, now - expected);
}
