// Automations that would start a run for every run: refused when they are saved, with Prefect's rule.
import type { Action, Automation, EventTrigger } from './automation.ts';
import { listOfSpecs, meansEveryOfKind } from './resource-match.ts';

/** Every run goes through one of these. */
const everyRunsEvents: readonly string[] = [
  'prefect.flow-run.Scheduled',
  'prefect.flow-run.Pending',
  'prefect.flow-run.Running',
  'prefect.flow-run.*',
];

/** @returns what is wrong, in one sentence; undefined when nothing is */
export function runLoopProblem({
  enabled,
  trigger,
  actions,
}: Pick<Automation, 'enabled' | 'trigger' | 'actions'>): string | undefined {
  if (!enabled || trigger.type !== 'event' || trigger.posture !== 'Reactive') return undefined;
  if (!trigger.expect.some((name) => everyRunsEvents.includes(name))) return undefined;
  const problems = actions.map((action) => problemOf(trigger, action));
  return problems.find((problem) => problem !== undefined);
}

function problemOf(trigger: EventTrigger, action: Action): string | undefined {
  if (action.type !== 'run-deployment') return undefined;
  if (action.target.kind === 'inferred') {
    return 'a deployment inferred from a flow run event would be run again by its own runs, without end: select a deployment, and add labels to match or match_related that its runs do not have';
  }
  const isEvery =
    meansEveryOfKind(trigger.match, 'prefect.flow-run') &&
    listOfSpecs(trigger.matchRelated).some((spec) => meansEveryOfKind(spec, 'prefect.flow-run'));
  if (!isEvery) return undefined;
  return 'a deployment that runs on every flow run event would be run again by its own runs, without end: add labels to match or match_related that its runs do not have';
}
