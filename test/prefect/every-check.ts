// Every check of what flows do, whichever client runs them.
import { programChecks } from './feature-checks.ts';
import { elsewhereChecks, flowChecks, waitingChecks } from './feature-checks-flows.ts';
import { keptChecks } from './feature-checks-kept.ts';
import { taskChecks } from './feature-checks-tasks.ts';

export const everyCheck = [
  ...programChecks,
  ...taskChecks,
  ...flowChecks,
  ...waitingChecks,
  ...elsewhereChecks,
  ...keptChecks,
];
