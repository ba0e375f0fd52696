// The list of automations in memory, read again when its revision has changed. The revision is asked for each time:
// one small read, so that an automation counts from the moment it was saved.
import type { Automation } from '../domain/automation/automation.ts';
import type { Automations, KnownAutomations } from '../ports/automations.ts';

export function createKnownAutomations(deps: {
  readonly automations: Pick<Automations, 'list' | 'revision'>;
}): KnownAutomations {
  let known: { readonly revision: number; readonly automations: readonly Automation[] } | undefined;
  return {
    async current() {
      // Before the list: what changes while it is read is read again next time.
      const revision = await deps.automations.revision();
      if (known === undefined || known.revision !== revision) {
        known = { revision, automations: await deps.automations.list() };
      }
      return known.automations;
    },
  };
}
