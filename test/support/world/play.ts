// Plays one seed from its first trigger to its last message, and judges it.
import { isTerminal } from '../../../shared/domain/run/state.ts';
import { diceFrom } from '../../differential/sequences/dice.ts';
import type { ModelTask } from '../stage/model-ecs.ts';
import { callerOf } from '../stage/scenarios.ts';
import { peek } from './asking.ts';
import { checkWorld, standingHeads } from './checker.ts';
import { startClock } from './clock.ts';
import { type Role, startContainer, stopContainer } from './containers.ts';
import { startWorkers } from './hybrid.ts';
import type { Violation } from './invariants.ts';
import { comeMuchLater, freezeForAWhile, goBack, lostRuns } from './operator.ts';
import { drawRuns, follow, minds, type RunPlan } from './people.ts';
import { setScene } from './scene.ts';
import { createWorld, type Sabotage, type Witness, type World, worldStart } from './world.ts';

export type SeedOptions = {
  readonly seed: number;
  readonly intensity?: number;
  readonly sabotage?: Sabotage;
  readonly witness?: Witness;
};

export type SeedReport = {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly runs: number;
  readonly tasks: number;
  readonly virtualMinutes: number;
  /** `kind step:operation` → how often. */
  readonly injected: ReadonlyMap<string, number>;
  readonly calls: ReadonlyMap<string, number>;
  readonly lines: readonly { readonly at: number; readonly text: string }[];
};

const minute = 60_000;
const faultsEndAt = worldStart + 45 * minute;
/** Everything ends long before: lost replies take an hour to be resolved, and a restart may lose another. */
const horizonMs = 8 * 60 * minute;
/** With a guard off a world may never come to its end, and has been seen long enough by then. */
const sabotagedHorizonMs = 60 * minute;
/** What was delayed longest comes within this. */
const aftermathMs = 15 * minute;

export async function playSeed(options: SeedOptions): Promise<SeedReport> {
  const { seed } = options;
  const isOn = options.intensity !== 0;
  const isSetBack = isOn && seed % 8 === 3;
  const drawn = drawRuns(diceFrom(seed), 20 + (seed % 5));
  const plans = isSetBack ? [...drawn, ...lostRuns] : drawn;
  const cast: Cast = { plans, roles: new Map(), isKind: false };
  const world = createWorld({
    ...options,
    script: (here, task) => startContainer(here, task, roleOf(here, task, cast)),
    stopping: (here, task, reason) => stopContainer(here, task, { reason, role: roleOf(here, task, cast) }),
  });
  const { kernel, faults } = world;
  const scene = await during(world, () => setScene(world.scene, 420 + (seed % 7) * 60));
  if (options.sabotage?.hasNoClock !== true) startClock(world, diceFrom(seed * 16 + 9));
  startWorkers(world, 2);
  const people = [
    minds(world, scene),
    freezeForAWhile(world),
    ...(isSetBack ? [goBack(world, scene, plans)] : []),
    ...drawn.map((plan) => follow(world, scene, plan)),
  ];
  kernel.at(faultsEndAt, () => faults.end());
  const longestMs = options.sabotage === undefined ? horizonMs : sabotagedHorizonMs;
  await playOut(world, people, longestMs);
  faults.end();
  await kernel.run(kernel.now() + aftermathMs);
  if (isOn && seed % 4 === 1) {
    cast.isKind = true;
    await playOut(world, [comeMuchLater(world, scene, plans)], longestMs);
    await kernel.run(kernel.now() + aftermathMs);
  }
  return {
    seed,
    violations: checkWorld(world, scene),
    runs: standingHeads(world).length + world.diary.deleted.size,
    tasks: world.ecs.tasks.length,
    virtualMinutes: Math.round((kernel.now() - worldStart) / minute),
    injected: faults.injected,
    calls: faults.calls,
    lines: world.diary.lines,
  };
}

/** Until all people have done what they wanted to and nothing is left to end. */
async function playOut(world: World, people: readonly Promise<void>[], longestMs: number): Promise<void> {
  const { kernel } = world;
  let isPlayed = false;
  void Promise.all(people).then(() => {
    isPlayed = true;
  });
  let isQuiet = false;
  const look = () => {
    isQuiet = isPlayed && isOver(world);
    if (!isQuiet) kernel.at(kernel.now() + minute, look);
  };
  look();
  await kernel.run(kernel.now() + longestMs, () => isQuiet);
}

async function during<T>({ kernel }: World, act: () => Promise<T>): Promise<T> {
  let done: { readonly value: T } | undefined;
  const failure: unknown[] = [];
  kernel.at(kernel.now(), () => {
    act().then(
      (value) => {
        done = { value };
      },
      (error: unknown) => failure.push(error),
    );
  });
  await kernel.run(kernel.now() + minute, () => done !== undefined || failure.length > 0);
  if (done === undefined) throw failure[0] ?? new Error('the scene was never set');
  return done.value;
}

function isOver(world: World): boolean {
  const heads = standingHeads(world);
  return (
    heads.every((run) => isTerminal(run.state.type) && !run.isAttemptOpen) &&
    world.ecs.tasks.every(({ lastStatus }) => lastStatus === 'STOPPED') &&
    ![...world.tables.items()].some((item) => String(item['due_key']).startsWith('attempt#'))
  );
}

const succeeds: Role = { isEngine: false, fate: 'succeeds', seconds: 20 };

type Cast = {
  readonly plans: readonly RunPlan[];
  readonly roles: Map<string, Role>;
  /** From now on whatever starts succeeds. */
  isKind: boolean;
};

/** What was drawn for the run's key; runs of the schedule succeed. */
function roleOf(world: World, task: ModelTask, { plans, roles, isKind }: Cast): Role {
  const { runId } = callerOf(task);
  const known = roles.get(runId);
  if (known !== undefined) return isKind ? { ...known, fate: 'succeeds' } : known;
  const key = peek(world, runId)?.idempotencyKey;
  const role = plans.find((plan) => plan.key === key)?.role ?? succeeds;
  roles.set(runId, role);
  return isKind ? { ...role, fate: 'succeeds' } : role;
}
