// Which automations a filter means.
import type { Automation } from '../automation/automation.ts';
import type { AnyOf, Maybe, Tags, WithOperator } from './condition.ts';
import { type FieldTable, meets } from './field-table.ts';

export type AutomationFilter = WithOperator & {
  readonly id?: Maybe<AnyOf>;
  readonly name?: Maybe<AnyOf>;
  readonly created?: Maybe<{ readonly before_?: Maybe<number> }>;
  readonly tags?: Maybe<Tags>;
};

const automationFields: FieldTable<Automation> = {
  id: { read: (automation) => automation.id },
  name: { read: (automation) => automation.name },
  created: { read: (automation) => automation.created },
  tags: { read: (automation) => automation.tags },
};

export function matchesAutomation(filter: AutomationFilter, automation: Automation): boolean {
  return meets(automationFields, filter, automation);
}
