// All themes of the sequences. A sequence has three of them.
import type { Theme } from './scene.ts';
import { deployments, schedules, workers } from './themes-deployments.ts';
import { automations, events } from './themes-events.ts';
import { globalLimits, tagLimits } from './themes-limits.ts';
import { workPools, workQueues } from './themes-places.ts';
import { flowRunStates } from './themes-run-states.ts';
import { flowRuns, flows } from './themes-runs.ts';
import { artifacts, logs, taskRuns } from './themes-tasks.ts';
import { alone, blocks, savedSearches, variables } from './themes-things.ts';

export const themes: readonly Theme[] = [
  flows,
  flowRuns,
  flowRunStates,
  workPools,
  workQueues,
  deployments,
  schedules,
  workers,
  taskRuns,
  logs,
  artifacts,
  variables,
  blocks,
  savedSearches,
  tagLimits,
  globalLimits,
  events,
  automations,
  alone,
];
