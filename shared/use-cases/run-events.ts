// Changes of run heads as Prefect's events, with the names of what stands around the run.
// Names may be minutes old: an event tells of a state, not of the name of its flow.

import type { PrefectEvent } from '../domain/event/event.ts';
import { flowRunEvent, type RunSurroundings, type StateMove, stateMoves } from '../domain/event/flow-run-event.ts';
import type { Run } from '../domain/run/run.ts';
import { type RecentState, shortMessageCharacters } from '../domain/run/state.ts';
import type { HeadChange } from '../ports/publishing.ts';
import type { Runs } from '../ports/runs.ts';
import type { TaskRuns } from '../ports/task-runs.ts';
import type { World } from '../ports/world.ts';
import type { Names } from './names.ts';
import { createMemory } from './remembering.ts';

export type RunEventDeps = {
  readonly world: Pick<World, 'now'>;
  readonly names: Names;
  readonly runs: Pick<Runs, 'readBodies' | 'readState'>;
  readonly taskRuns: Pick<TaskRuns, 'read'>;
};

export type RunEvents = (changes: readonly HeadChange[]) => Promise<readonly PrefectEvent[]>;

const minutes = 60_000;

/** One event for each state that came, oldest first a run. */
export function createRunEvents(deps: RunEventDeps): RunEvents {
  const surroundingsOf = createSurroundings(deps);
  return async (changes) => {
    const moves = changes.filter((change) => !isPlanned(change)).flatMap(stateMoves);
    return Promise.all(
      moves.map(async (move) => {
        const [around, whole] = await Promise.all([surroundingsOf(move.run), wholeMove(deps, move)]);
        return flowRunEvent(whole, around, deps.world.now());
      }),
    );
  };
}

/** Prefect plans runs ahead by the dozen and tells nobody; their lives begin when they become late or pending. */
function isPlanned({ before, after }: HeadChange): boolean {
  return before === undefined && after?.autoScheduled === true;
}

function createSurroundings({ names, runs, taskRuns, world }: RunEventDeps) {
  const parents = createMemory({ now: world.now, milliseconds: 5 * minutes, most: 1000 }, taskRuns.read);
  const given = <T>(read: (id: string) => Promise<T>, id: string | undefined) =>
    id === undefined ? undefined : read(id);
  return async (run: Run): Promise<RunSurroundings> => {
    const [flow, deployment, queue, pool, parentTaskRun, body] = await Promise.all([
      names.flow(run.flowId),
      given(names.deployment, run.deploymentId),
      given(names.queue, run.workQueueId),
      given(names.pool, run.workPoolName),
      given(parents.read, run.parentTaskRunId),
      // Only runs of deployments are made by one, or by an automation.
      run.deploymentId === undefined ? undefined : bodyOf(runs, run),
    ]);
    return { flow, deployment, queue, pool, parentTaskRun, body };
  };
}

async function bodyOf(runs: RunEventDeps['runs'], run: Run) {
  return run.body ?? (await runs.readBodies([run])).get(run.id);
}

/** A head carries the beginning of a long message; the whole one lies beside it. */
async function wholeMove(deps: RunEventDeps, move: StateMove): Promise<StateMove> {
  const [from, to] = await Promise.all([
    move.from === undefined ? undefined : whole(deps, move.run.id, move.from),
    whole(deps, move.run.id, move.to),
  ]);
  return { ...move, from, to };
}

async function whole({ runs }: RunEventDeps, runId: string, state: RecentState): Promise<RecentState> {
  if ((state.message ?? '').length < shortMessageCharacters) return state;
  return (await runs.readState(runId, state.id)) ?? state;
}
