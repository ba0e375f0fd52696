// docs/states.md says what the code does: each mark is compared with what the rules answer to a proposal.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { statesPage } from '../../scripts/states/page.ts';
import { decideState } from '../../shared/domain/run/policy.ts';
import { type StateType, stateTypes } from '../../shared/domain/run/state.ts';
import { successors } from '../../shared/domain/run/transition.ts';
import { aRun, minute, proposal, start } from '../support/run-builders.ts';

const page = readFileSync(new URL('../../docs/states.md', import.meta.url), 'utf8');

/** What the page says of a pair. */
function isMarked(from: StateType, to: StateType): boolean {
  const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.replaceAll('*', '').trim()));
  const header = rows.find(([, first]) => first?.startsWith('from'));
  const row = rows.find(([, first]) => first === from);
  return row?.[header?.indexOf(to) ?? -1] === '✓';
}

const pairs = stateTypes.flatMap((from) => stateTypes.map((to) => ({ from, to })));

describe('docs/states.md', () => {
  it.each(pairs)('says of $from to $to what the rules answer', ({ from, to }) => {
    const now = start + minute;
    const run = aRun({ state: from, infrastructurePid: 'pid' });
    // A run that is Pending becomes Pending by another name only.
    const proposed = proposal(to, to === 'PENDING' ? { name: 'InfrastructurePending' } : {});

    const answer = decideState('core', { run, proposed, now }, { id: 'new', now });

    expect(isMarked(from, to)).toBe(answer.status === 'ACCEPT');
  });

  it('is as its generator would write it', () => {
    expect(page).toBe(statesPage(successors));
  });

  it('is stale once the table changes', () => {
    expect(statesPage({ ...successors, CANCELLING: ['CANCELLED', 'RUNNING'] })).not.toBe(page);
  });
});
