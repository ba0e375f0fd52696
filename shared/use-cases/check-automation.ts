// What must hold for an automation beside its shape: no endless loop, few enough triggers, blocks that are there and
// that we can use, job variables that fit their deployment's pool.
import { type Action, type Automation, allActions, allTriggers } from '../domain/automation/automation.ts';
import { runLoopProblem } from '../domain/automation/loops.ts';
import { isNotificationType, notificationTypes, webhookType } from '../domain/automation/notification-types.ts';
import { checkJobVariables } from '../domain/template/job-variable-check.ts';
import type { Catalogue } from '../ports/catalogue.ts';

export type CheckDeps = { readonly catalogue: Catalogue };

export type AutomationProblem =
  /** The request itself is wrong, at this place of its body. */
  | { readonly kind: 'request'; readonly place: readonly string[]; readonly problem: string }
  | { readonly kind: 'refused'; readonly code: 'not_found' | 'invalid_request'; readonly problem: string };

type Wanted = Pick<Automation, 'enabled' | 'trigger' | 'actions' | 'actionsOnTrigger' | 'actionsOnResolve'>;

/** A switched-on automation writes what each trigger begins with in one transaction. */
const mostTriggers = 50;

/** undefined: nothing is wrong. */
export async function checkAutomation(deps: CheckDeps, wanted: Wanted): Promise<AutomationProblem | undefined> {
  const loop = runLoopProblem(wanted);
  if (loop !== undefined) return { kind: 'request', place: [], problem: loop };
  const count = allTriggers(wanted.trigger).length;
  if (count > mostTriggers) {
    return {
      kind: 'request',
      place: ['trigger'],
      problem: `${count} triggers were sent, wanted at most ${mostTriggers}`,
    };
  }
  for (const action of allActions(wanted)) {
    const problem = await checkAction(deps, action);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

async function checkAction(deps: CheckDeps, action: Action): Promise<AutomationProblem | undefined> {
  switch (action.type) {
    case 'send-notification':
      return checkBlock(deps, action.blockDocumentId, {
        isWanted: isNotificationType,
        wanted: `one of ${notificationTypes.join(', ')}`,
      });
    case 'call-webhook':
      return checkBlock(deps, action.blockDocumentId, {
        isWanted: (slug) => slug === webhookType,
        wanted: `a block of type ${webhookType}`,
      });
    case 'run-deployment':
      return checkVariables(deps, action);
    default:
      return undefined;
  }
}

type Kind = { readonly isWanted: (slug: string) => boolean; readonly wanted: string };

async function checkBlock(
  { catalogue }: CheckDeps,
  id: string,
  { isWanted, wanted }: Kind,
): Promise<AutomationProblem | undefined> {
  const document = await catalogue.blockDocuments.read(id);
  if (document === undefined) {
    return { kind: 'refused', code: 'invalid_request', problem: `there is no block document ${id}, wanted ${wanted}` };
  }
  const type = await catalogue.blockTypes.read(document.blockTypeId);
  if (type !== undefined && isWanted(type.slug)) return undefined;
  const seen = `block document ${document.name} is of type ${type?.slug ?? document.blockTypeName}`;
  return { kind: 'refused', code: 'invalid_request', problem: `${seen}, which cannot be used here: wanted ${wanted}` };
}

async function checkVariables(
  { catalogue }: CheckDeps,
  action: Extract<Action, { type: 'run-deployment' }>,
): Promise<AutomationProblem | undefined> {
  const { target, jobVariables } = action;
  if (target.kind === 'inferred' || jobVariables === null || Object.keys(jobVariables).length === 0) return undefined;
  const deployment = await catalogue.deployments.read(target.id);
  if (deployment === undefined) return { kind: 'refused', code: 'not_found', problem: 'Deployment not found.' };
  const pool =
    deployment.workPoolName === undefined ? undefined : await catalogue.workPools.read(deployment.workPoolName);
  if (pool === undefined) return undefined;
  const variables = { ...deployment.jobVariables, ...jobVariables };
  const [first] = checkJobVariables({
    template: pool.baseJobTemplate,
    jobVariables: variables,
    required: true,
    defaults: 'passed-over',
  });
  if (first === undefined) return undefined;
  const problem = `Error creating automation: Validation failed for field '${first.variable}'. Failure reason: ${first.problem}`;
  return { kind: 'refused', code: 'invalid_request', problem };
}
