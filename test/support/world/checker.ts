// Judges a world that is over: its history write by write, and how everything stands in the end.
import { countersPartition } from '../../../shared/adapters/dynamodb/table.ts';
import { isTerminal } from '../../../shared/domain/run/state.ts';
import { checkMoves } from './check-moves.ts';
import { movesOf, tasksByAttempt } from './history.ts';
import type { Violation } from './invariants.ts';
import { headOf } from './publisher.ts';
import type { Scene } from './scene.ts';
import type { World } from './world.ts';

export function checkWorld(world: World, scene: Scene): Violation[] {
  return [
    ...checkMoves(world, scene, movesOf(world.tables.changes)),
    ...checkEnds(world),
    ...checkTasks(world),
    ...checkKeys(world),
    ...checkFreezes(world),
    ...checkCounters(world),
    ...checkPublished(world),
    ...world.diary.surprises.map((what): Violation => ({ invariant: 'nothing fails but what the plan fails', what })),
  ];
}

/** Heads that stand at the end. */
export function standingHeads({ tables }: Pick<World, 'tables'>) {
  const heads = [];
  for (const item of tables.items()) {
    const head = item['sk'] === 'head' ? headOf(item) : undefined;
    if (head !== undefined) heads.push(head);
  }
  return heads;
}

function checkEnds(world: World): Violation[] {
  const stuck = standingHeads(world).filter((run) => !isTerminal(run.state.type) || run.isAttemptOpen);
  const there = new Set(standingHeads(world).map(({ id }) => id));
  const runs = [...world.diary.accepted.values()].flatMap((ids) => [...ids]);
  const gone = runs.filter((id) => !there.has(id) && !world.diary.deleted.has(id));
  return [
    ...stuck.map(({ id, state, isAttemptOpen }): Violation => {
      const what = `run ${id} is ${state.type} (${state.name})${isAttemptOpen ? ', its attempt open' : ''}`;
      return { invariant: 'every accepted run ended', what };
    }),
    ...gone.map((id): Violation => ({ invariant: 'every accepted run ended', what: `run ${id} is gone` })),
  ];
}

function checkTasks(world: World): Violation[] {
  const { ecs } = world;
  const doubled = [...tasksByAttempt(world)].filter(([, tasks]) => tasks.length > 1);
  const alive = ecs.tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED');
  return [
    ...doubled.map(([name, tasks]): Violation => {
      return { invariant: 'an attempt has one task at most', what: `attempt ${name} has ${tasks.length} tasks` };
    }),
    ...alive.map(({ arn, startedBy }): Violation => {
      return { invariant: 'every task of a run that is over is stopped', what: `${arn} of ${startedBy} lives` };
    }),
  ];
}

function checkKeys({ diary }: World): Violation[] {
  return [...diary.accepted].flatMap(([key, ids]): Violation[] =>
    ids.size > 1 ? [{ invariant: 'a key starts one run', what: `${key} started ${[...ids].join(' and ')}` }] : [],
  );
}

function checkFreezes({ diary }: World): Violation[] {
  const sent = diary.freezes.flatMap(({ from, until = Number.POSITIVE_INFINITY }) =>
    diary.launches.filter(({ at }) => at > from && at < until),
  );
  return sent.map(({ at, startedBy }): Violation => {
    return { invariant: 'nothing is launched while launches are frozen', what: `RunTask for ${startedBy}`, at };
  });
}

function checkCounters(world: World): Violation[] {
  // What the former table's stream had not told yet is told by nobody (docs/known-limits.md).
  if (world.diary.restores.length > 0) return [];
  const truth = new Map<string, number>();
  for (const { flowId, deploymentId, workPoolName, workQueueId, state } of standingHeads(world)) {
    const row = [flowId, deploymentId ?? '-', workPoolName ?? '-', workQueueId ?? '-', state.type].join('#');
    truth.set(row, (truth.get(row) ?? 0) + 1);
  }
  const counted = new Map<string, number>();
  for (const item of world.tables.items()) {
    if (item['pk'] !== countersPartition) continue;
    for (const [name, value] of Object.entries(item)) {
      if (/^[A-Z]+$/.test(name) && value !== 0) counted.set(`${String(item['sk'])}#${name}`, Number(value));
    }
  }
  const rows = new Set([...truth.keys(), ...counted.keys()]);
  return [...rows]
    .filter((row) => (truth.get(row) ?? 0) !== (counted.get(row) ?? 0))
    .map((row): Violation => {
      const what = `${row.split('#').slice(1).join('#')}: counted ${counted.get(row) ?? 0}, there are ${truth.get(row) ?? 0}`;
      return { invariant: 'counters equal the truth', what };
    });
}

function checkPublished(world: World): Violation[] {
  const untold = standingHeads(world)
    .flatMap(({ id, state, recentStates }) => [state, ...recentStates].map((told) => ({ id, told })))
    .filter(({ told }) => !world.diary.published.has(told.id));
  return untold.map(({ id, told }): Violation => {
    return { invariant: 'every state is told', what: `${told.name} of run ${id} was never told` };
  });
}
