// How many slots of a limit are in use, from the counters: pools count PENDING and RUNNING, queues CANCELLING too.
import type { StateType } from '../../../shared/domain/run/state.ts';
import type { CounterRow } from '../../../shared/ports/publishing.ts';

const poolTypes = ['PENDING', 'RUNNING'] as const satisfies readonly StateType[];
const queueTypes = [...poolTypes, 'CANCELLING'] as const satisfies readonly StateType[];

export function activeSlots(
  rows: readonly CounterRow[],
  of: { readonly pool: string } | { readonly queueId: string },
): number {
  const [types, isMeant] =
    'pool' in of
      ? [poolTypes, ({ key }: CounterRow) => key.workPoolName === of.pool]
      : [queueTypes, ({ key }: CounterRow) => key.workQueueId === of.queueId];
  return rows
    .filter(isMeant)
    .flatMap(({ counts }) => types.map((type) => counts[type] ?? 0))
    .reduce((sum, count) => sum + count, 0);
}
