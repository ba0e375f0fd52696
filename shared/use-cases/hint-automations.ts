// The clock's part in automations: triggers whose windows end soon get a hint that arrives on time, firings whose
// actions are overdue a visit.
import { timing } from '../domain/run/timing.ts';
import type { ActHint, ActHints } from '../ports/act-hints.ts';
import type { Runs } from '../ports/runs.ts';

export type HintAutomationsDeps = { readonly runs: Pick<Runs, 'due'>; readonly actHints: ActHints };

/** What one tick takes up at most of each kind; the next tick finds the rest, oldest first. */
const itemsPerTick = 5_000;

/** @returns how many there were */
export async function hintAutomations({ runs, actHints }: HintAutomationsDeps, now: number): Promise<number> {
  const [triggers, firings] = await Promise.all([
    runs.due('trigger', { until: now + timing.lookAhead, limit: itemsPerTick }),
    runs.due('firing', { until: now, limit: itemsPerTick }),
  ]);
  await actHints.act(
    firings.flatMap((item): ActHint[] => (item.kind === 'firing' ? [{ kind: 'firing', firingId: item.firingId }] : [])),
  );
  const bySecond = Map.groupBy(triggers, ({ dueAt }) => Math.max(0, Math.ceil((dueAt - now) / 1000)));
  for (const [delaySeconds, items] of bySecond) {
    const hints = items.flatMap((item): ActHint[] =>
      item.kind === 'trigger' ? [{ kind: 'trigger', stateId: item.stateId }] : [],
    );
    await actHints.act(hints, { delaySeconds });
  }
  return triggers.length + firings.length;
}
