// Automations: what is wrong with one is told when it is saved, not when it should act.
import type { AutomationCreate, AutomationUpdate, automationRoutes } from '../../../shared/contract/automations.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import { type Automation, relatedResources } from '../../../shared/domain/automation/automation.ts';
import { automationToWire } from '../../../shared/domain/automation/automation-to-wire.ts';
import { type AutomationFilter, matchesAutomation } from '../../../shared/domain/filter/automation-filter.ts';
import { inNamedOrder } from '../../../shared/domain/filter/order.ts';
import { type AutomationProblem, checkAutomation } from '../../../shared/use-cases/check-automation.ts';
import type { WantedAutomation } from '../../../shared/use-cases/save-automation.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import { cut, windowOf } from './paging.ts';

function found<T>(automation: T | undefined): T {
  if (automation === undefined) throw new Refusal('object_not_found', 'Automation not found');
  return automation;
}

/** What a firing takes along of its automation must leave room for its events. */
const largestAutomationBytes = 200_000;

function wantedOf(sent: AutomationCreate): WantedAutomation {
  const bytes = Buffer.byteLength(JSON.stringify(sent));
  if (bytes > largestAutomationBytes) {
    throw new Refusal(
      'too_large',
      `an automation of ${bytes} bytes was sent, wanted at most ${largestAutomationBytes}`,
    );
  }
  return {
    name: sent.name,
    description: sent.description,
    enabled: sent.enabled,
    tags: sent.tags,
    trigger: sent.trigger,
    actions: sent.actions,
    actionsOnTrigger: sent.actions_on_trigger,
    actionsOnResolve: sent.actions_on_resolve,
  };
}

function withKept(sent: AutomationUpdate, before: Automation): AutomationCreate {
  return {
    ...sent,
    description: sent.description ?? before.description,
    enabled: sent.enabled ?? before.enabled,
    tags: sent.tags ?? [...before.tags],
    actions_on_trigger: sent.actions_on_trigger ?? [...before.actionsOnTrigger],
    actions_on_resolve: sent.actions_on_resolve ?? [...before.actionsOnResolve],
  };
}

function refuse(problem: AutomationProblem | undefined): void {
  if (problem === undefined) return;
  if (problem.kind === 'refused') throw new Refusal(problem.code, problem.problem);
  const msg = `Value error, ${problem.problem}`;
  const problems = [{ type: 'value_error', loc: ['body', ...problem.place], msg }];
  throw new Refusal('invalid_request', 'Invalid request received.', { problems });
}

async function matching(
  { automations }: ApiDeps,
  filter: AutomationFilter | null | undefined,
): Promise<readonly Automation[]> {
  const all = await automations.list();
  return filter ? all.filter((automation) => matchesAutomation(filter, automation)) : all;
}

export const automationHandlers = {
  async create_automation({ body }, deps) {
    const wanted = wantedOf(body);
    refuse(await checkAutomation(deps, wanted));
    return automationToWire(await deps.useCases.automations.create(wanted, body.owner_resource ?? undefined));
  },

  async read_automations({ body }, deps) {
    const window = windowOf(body);
    return cut(inNamedOrder(await matching(deps, body.automations), body.sort ?? 'NAME_ASC'), window).map(
      automationToWire,
    );
  },

  count_automations: async ({ body }, deps) => (await matching(deps, body.automations)).length,

  async read_automations_related_to_resource({ params }, { automations }) {
    const all = await automations.list();
    return all.filter((automation) => relatedResources(automation).has(params.resource_id)).map(automationToWire);
  },

  delete_automations_owned_by_resource: ({ params }, deps) =>
    deps.useCases.automations.removeOwnedBy(params.resource_id),

  read_automation: async ({ params }, { automations }) => automationToWire(found(await automations.read(params.id))),

  async update_automation({ params, body }, deps) {
    const wanted = wantedOf(withKept(body, found(await deps.automations.read(params.id))));
    refuse(await checkAutomation(deps, wanted));
    found(await deps.useCases.automations.replace(params.id, wanted));
  },

  async patch_automation({ params, body }, deps) {
    const before = found(await deps.automations.read(params.id));
    if (body.enabled === true && !before.enabled) refuse(await checkAutomation(deps, { ...before, enabled: true }));
    found(await deps.useCases.automations.switch(params.id, body.enabled ?? before.enabled));
  },

  async delete_automation({ params }, deps) {
    found((await deps.useCases.automations.remove(params.id)) ? params.id : undefined);
  },
} satisfies Handlers<typeof automationRoutes, ApiDeps>;
