// Runs that schedules have ahead: recorded under the plan that they come from, or not at all.
import type { Run, RunBody } from '../domain/run/run.ts';
import type { Write } from './runs.ts';

export type PlannedRuns = {
  /**
   * Records runs that nobody has recorded yet, in one transaction. `lost`: one of them is there by now, or the
   * deployment has another plan; nothing was written then.
   */
  record(
    runs: readonly { readonly run: Run; readonly body: RunBody }[],
    plan: { readonly deploymentId: string; readonly version: number },
  ): Promise<Write>;
};
