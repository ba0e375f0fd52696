// docs/states.md: which state of a run may follow which, and the rules that are asked, from the code that decides.

import { policies } from '../../shared/domain/run/policy.ts';
import type { Rule } from '../../shared/domain/run/policy-types.ts';
import { isTerminal, type StateType, stateTypes } from '../../shared/domain/run/state.ts';

export type Successors = Readonly<Record<StateType, readonly StateType[]>>;

/** What each list of rules is for; a list that is added asks for its sentence here. */
const purposes = {
  core: 'What clients propose (`set_state`), unless they force it.',
  minimal: 'What is proposed with `force`.',
  late: 'What the clock proposes of a run whose time is over.',
} as const satisfies Record<keyof typeof policies, string>;

export function statesPage(successors: Successors): string {
  const lists = Object.entries(purposes).flatMap(([name, purpose]) => {
    const rules = Object.entries(policies).find(([policy]) => policy === name)?.[1] ?? [];
    return [`### \`${name}\``, '', purpose, '', ...ruleRows(rules), ''];
  });
  return [
    '# States of a run',
    '',
    '<!-- Written by scripts/states.ts. -->',
    '',
    'Rows are the state that a run is in, columns the one that is proposed. ✓ may follow when nobody forces it, as long as none of the rules below says otherwise; whatever has no ✓ is refused. States in bold end a run.',
    '',
    `| from \\ to | ${stateTypes.map(named).join(' | ')} |`,
    `|---|${stateTypes.map(() => '---|').join('')}`,
    ...stateTypes.map((from) => `| ${[named(from), ...marks(successors[from])].join(' | ')} |`),
    '',
    'One table and one function (`shared/domain/run/transition.ts`) answer this; nobody else compares states to allow or refuse a change.',
    '',
    '## Rules, in the order in which they are asked',
    '',
    'The first that refuses, or puts another state in the place of the proposed one, has the last word (`shared/domain/run/policy.ts`). Names are Prefect’s where the rule is.',
    '',
    ...lists,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function named(type: StateType): string {
  return isTerminal(type) ? `**${type}**` : type;
}

function marks(followers: readonly StateType[]): string[] {
  return stateTypes.map((to) => (followers.includes(to) ? '✓' : ' '));
}

function ruleRows(rules: readonly Rule[]): string[] {
  return [
    '| rule | from | to |',
    '|---|---|---|',
    ...rules.map(({ name, from, to }) => `| ${name} | ${typesOf(from)} | ${typesOf(to)} |`),
  ];
}

function typesOf(types: readonly StateType[] | 'any'): string {
  return types === 'any' || types.length === stateTypes.length ? 'any' : types.join(', ');
}
