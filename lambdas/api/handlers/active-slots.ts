// How many slots of a pool or queue are in use, and by which runs: pools count PENDING and RUNNING, queues CANCELLING
// too, as Prefect does. The numbers come from the counters; what the pump admits by are holders, not these.
import type { Run } from '../../../shared/domain/run/run.ts';
import type { StateType } from '../../../shared/domain/run/state.ts';
import type { CounterRow } from '../../../shared/ports/publishing.ts';
import type { ApiDeps } from '../deps.ts';

const poolTypes = ['PENDING', 'RUNNING'] as const satisfies readonly StateType[];
const queueTypes = [...poolTypes, 'CANCELLING'] as const satisfies readonly StateType[];

export type Place = { readonly pool: string } | { readonly queueId: string };

export function activeSlots(rows: readonly CounterRow[], of: Place): number {
  const [types, isMeant] =
    'pool' in of
      ? [poolTypes, ({ key }: CounterRow) => key.workPoolName === of.pool]
      : [queueTypes, ({ key }: CounterRow) => key.workQueueId === of.queueId];
  return rows
    .filter(isMeant)
    .flatMap(({ counts }) => types.map((type) => counts[type] ?? 0))
    .reduce((sum, count) => sum + count, 0);
}

export type Occupation = {
  readonly activeSlots: number;
  /** By id. All of them, unless far more runs than these were recorded since the oldest. */
  readonly runs: readonly Run[];
};

/** Runs that occupy slots are young as a rule: so many of the newest are looked at, whatever the counters say. */
const fewestEntries = 1_000;
const mostEntries = 20_000;

/** The runs that occupy slots of a place, newest expected start first until the counters' number is found. */
export async function occupationOf(deps: Pick<ApiDeps, 'runs' | 'counters'>, of: Place): Promise<Occupation> {
  const counted = activeSlots(await deps.counters.read(), of);
  const types = 'pool' in of ? poolTypes : queueTypes;
  const runs: Run[] = [];
  let read = 0;
  let isWhole = true;
  for await (const page of deps.runs.walk({ order: 'DESC', types })) {
    runs.push(...(await deps.runs.readMany(page.ids)).filter((run) => occupies(run, of, types)));
    read += page.read;
    if (read >= fewestEntries && runs.length >= counted) break;
    isWhole = read < mostEntries;
    if (!isWhole) break;
  }
  const byId = runs.sort((one, other) => (one.id < other.id ? -1 : 1));
  return { runs: byId, activeSlots: isWhole ? runs.length : Math.max(counted, runs.length) };
}

/** The index may lag: the run itself decides. */
function occupies(run: Run, of: Place, types: readonly StateType[]): boolean {
  const isThere = 'pool' in of ? run.workPoolName === of.pool : run.workQueueId === of.queueId;
  return isThere && types.includes(run.state.type);
}
