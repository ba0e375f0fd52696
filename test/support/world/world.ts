// The world of one seed: the real use cases on the real adapters, over DynamoDB, ECS, SQS, EventBridge and Scheduler as
// AWS behaves on bad days, all under one clock. Whoever acts in it is moved by the seed's dice alone.

import { type RawTask, readTask } from '../../../shared/adapters/ecs/task-codec.ts';
import { queues as queueSettings, queueSources } from '../../../shared/config/resources.ts';
import type { ObserveHint, PlanHint, SubmitHint } from '../../../shared/ports/hints.ts';
import { planRuns } from '../../../shared/use-cases/plan-runs.ts';
import { takeObserveHint, takeSubmitHints, takeTask } from '../../../shared/use-cases/take-hints.ts';
import { type Dice, diceFrom } from '../../differential/sequences/dice.ts';
import { keptBodies } from '../large-bodies.ts';
import { type ModelEcs, type ModelTask, modelEcs } from '../stage/model-ecs.ts';
import { blindness, lagOf, refusalOf } from './bad-days.ts';
import type { EcsService, Execute } from './clients.ts';
import type { CallInput } from './database-types.ts';
import { createDiary, type Diary } from './diary.ts';
import { createFaultPlan, type FaultPlan } from './fault-plan.ts';
import { createKernel, type Kernel } from './kernel.ts';
import { createLambdas, type Invoked, type Lambdas } from './lambdas.ts';
import { createPublisher } from './publisher.ts';
import { createQueue, type WorldQueue } from './queues.ts';
import { createTables, type Tables } from './tables.ts';
import { type Deps, wire } from './wiring.ts';

/** Switches off one guard from outside; see `sabotages.ts`. */
export type Sabotage = {
  readonly deps?: (deps: Deps, step: string, world: WorldView) => Deps;
  readonly execute?: (execute: Execute) => Execute;
  readonly ecs?: (service: EcsService) => EcsService;
  readonly hasNoClock?: true;
  /** Every word counts as one of the current attempt. */
  readonly isUnfenced?: true;
  /** Repeats of a proposed state come as new ones. */
  readonly hasNoTransitionIds?: true;
};

export type WorldView = { readonly kernel: Kernel; readonly tables: Tables; readonly ecs: () => ModelEcs };

export type Witness = (operation: string, input: CallInput, make: () => object) => Promise<object>;

export type WorldOptions = {
  readonly seed: number;
  /** 100 is the usual; 0 plays the seed without any fault. */
  readonly intensity?: number;
  readonly sabotage?: Sabotage;
  /** Stands between the stores and the database: makes each call, and gives the answer. */
  readonly witness?: Witness;
  readonly script: (world: World, task: ModelTask) => void;
  readonly stopping: (world: World, task: ModelTask, reason: string) => void;
};

export type World = {
  readonly seed: number;
  readonly kernel: Kernel;
  readonly dice: Dice;
  readonly faults: FaultPlan;
  readonly tables: Tables;
  readonly ecs: ModelEcs;
  readonly diary: Diary;
  readonly lambdas: Lambdas;
  readonly newId: () => string;
  /** Stores on a road without faults, to set the scene. */
  readonly scene: Deps;
  readonly sabotage: Sabotage;
  readonly queues: Readonly<Record<'submit' | 'observe', WorldQueue>>;
  /** Sets the table back and gives the stack the restored one. */
  restore(to: number): void;
};

export const worldStart = Date.parse('2026-01-05T08:00:00Z');

export function createWorld(options: WorldOptions): World {
  const { seed, intensity = 100, sabotage = {} } = options;
  const kernel = createKernel(worldStart);
  const luck = (place: number) => diceFrom(seed * 16 + place);
  const dice = luck(0);
  const faults = createFaultPlan({ dice: luck(1), intensity });
  const diary = createDiary(kernel.now);
  const roadDice = luck(2);
  const lagDice = luck(3);
  const slowIndex = intensity > 0 && lagDice.once(3);
  const tables = createTables({
    now: kernel.now,
    lag: () => (intensity === 0 ? 0 : lagOf(lagDice, faults, slowIndex)),
  });
  const newId = idsFrom(luck(4), kernel);
  const launchRate = { perSecond: 2, burst: 4 };

  const world: { current?: World } = {};
  const here = (): World => {
    if (world.current === undefined) throw new Error('the world is not there yet');
    return world.current;
  };
  const ecsDice = luck(5);
  const ecs = modelEcs({
    clock: { now: kernel.now, advanceTo: () => undefined },
    emit: (event) => queues.observe.send(JSON.stringify(event), ecsDice.whole(0, 1)),
    script: (task) => options.script(here(), task),
    stopping: (task, _ecs, reason) => options.stopping(here(), task, reason),
    startSeconds: 2 + (seed % 20),
    hiddenUntil: blindness(ecsDice, faults, intensity),
    forgetsAfterSeconds: 3600,
    tokenOutlivesSeconds: 3600,
    refuse: () => refusalOf(ecsDice, faults, intensity),
  });
  const view: WorldView = { kernel, tables, ecs: () => ecs };
  const service: EcsService = async (operation, input) => {
    noteCall(diary, kernel.now(), operation, input as Record<string, unknown>);
    const answer = await ecs.service(operation, input);
    wakeEcs();
    return answer;
  };
  /** Calls of a table reach that one alone, whatever became of it. */
  const executeOn =
    (identity: string): Execute =>
    (operation, input, by) => {
      if (identity !== tableIdentity) throw new Error('planned: a table that is gone');
      const make = () => tables.execute(operation, input, by);
      const answer = options.witness === undefined ? make() : options.witness(operation, input, make);
      publisher.wake();
      return answer;
    };
  let tableIdentity = 'table 1';
  const wiring = {
    kernel,
    dice: roadDice,
    faults,
    newId,
    launchRate,
    largeBodies: keptBodies(),
    ecs: sabotage.ecs?.(service) ?? service,
    onSend: (operation: string, input: unknown) => {
      if (operation !== 'RunTask') return;
      const { startedBy } = input as { readonly startedBy: string };
      diary.launches.push({ at: kernel.now(), startedBy });
    },
    deliver: ({ queue, body, delaySeconds }: { queue: string; body: string; delaySeconds: number }) => {
      if (queue === 'submit' || queue === 'observe') queues[queue].send(body, delaySeconds);
      else if (queue === 'outbox') publisher.receive(body);
    },
  };
  const lambdas = createLambdas({
    kernel,
    dice: luck(6),
    skewMs: intensity === 0 ? 0 : (seed % 4) * 300,
    ...(intensity > 0 && seed % 3 === 2 ? { beside: dice.one(['former', 'next']) } : {}),
    wire: (program) => {
      const execute = executeOn(tableIdentity);
      const calls = { execute: sabotage.execute?.(execute) ?? execute, tableIdentity };
      const deps = wire({ ...wiring, ...calls }, program);
      if (program.skewMs !== 0) faults.note('clock-skew', program.step);
      if (program.release !== 'this') faults.note(`${program.release}-release`, program.step);
      return sabotage.deps?.(deps, program.step, view) ?? deps;
    },
  });
  const scene = wire(
    {
      ...wiring,
      faults: createFaultPlan({ dice: luck(10), intensity: 0 }),
      execute: executeOn(tableIdentity),
      tableIdentity,
      ecs: service,
    },
    { step: 'scene', name: 'scene', skewMs: 0, release: 'this', isDead: false },
  );
  const publisher = createPublisher({ kernel, tables, lambdas, diary, faults, dice: luck(7) });

  const queueOf = (
    name: 'submit' | 'observe',
    consume: (bodies: readonly string[]) => Promise<ReadonlySet<number>>,
  ) => {
    const source = queueSources.find(({ queue }) => queue === name);
    if (source === undefined) throw new Error(`no source ${name}`);
    return createQueue({ kernel, dice: luck(8), faults, name, ...source, ...queueSettings[name], consume });
  };
  const queues = {
    submit: queueOf('submit', async (bodies) => {
      const hints = bodies.map((body) => JSON.parse(body) as SubmitHint);
      const outcome = await lambdas.invoke('submit', (deps) => takeSubmitHints(deps, hints));
      report(diary, 'submit', outcome);
      return outcome.kind === 'done' ? new Set(bodies.keys()) : new Set();
    }),
    observe: queueOf('observe', async (bodies) => {
      const outcome = await lambdas.invoke('observe', (deps) => observeAll(deps, bodies, diary));
      report(diary, 'observe', outcome);
      return outcome.kind === 'done' ? outcome.value : new Set();
    }),
  };

  /** The model's agenda is part of the world's. */
  let ecsAt: number | undefined;
  function wakeEcs(): void {
    const next = ecs.nextAt();
    if (next === undefined || (ecsAt !== undefined && ecsAt <= next)) return;
    ecsAt = next;
    kernel.at(next, async () => {
      ecsAt = undefined;
      await ecs.act();
      wakeEcs();
    });
  }

  const made: World = {
    seed,
    kernel,
    dice,
    faults,
    tables,
    ecs: watched(ecs, wakeEcs),
    diary,
    lambdas,
    newId,
    scene,
    sabotage,
    queues,
    restore(to) {
      faults.note('restore', 'dynamodb');
      diary.restores.push({ at: kernel.now(), to });
      tables.restore(to);
      tableIdentity = `table ${1 + diary.restores.length}`;
      publisher.beginAnew();
      lambdas.replaceAll();
    },
  };
  world.current = made;
  return made;
}

/** The agenda of the model is looked at whenever somebody adds to it. */
function watched(ecs: ModelEcs, wake: () => void): ModelEcs {
  return Object.assign(Object.create(ecs) as ModelEcs, {
    at: (time: number, act: () => void) => {
      ecs.at(time, act);
      wake();
    },
  });
}

function noteCall(diary: Diary, at: number, operation: string, input: Record<string, unknown>): void {
  if (operation === 'RunTask') diary.note(`ecs: RunTask ${String(input['clientToken'])}`);
  if (operation === 'StopTask') {
    diary.stops.push({ at, arn: String(input['task']) });
    diary.note(`ecs: StopTask ${String(input['task']).slice(-4)} (${String(input['reason'])})`);
  }
}

/** UUIDs of version 7 out of the dice. */
function idsFrom(dice: Dice, kernel: Kernel): () => string {
  return () => {
    const time = kernel.now().toString(16).padStart(12, '0');
    const part = (digits: number) =>
      dice
        .whole(0, 16 ** digits - 1)
        .toString(16)
        .padStart(digits, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${part(3)}-8${part(3)}-${part(6)}${part(6)}`;
  };
}

async function observeAll(deps: Deps, bodies: readonly string[], diary: Diary): Promise<ReadonlySet<number>> {
  const done = new Set<number>();
  await Promise.all(
    bodies.map(async (body, place) => {
      try {
        await observeOne(deps, JSON.parse(body) as ObserveHint | PlanHint | { detail: RawTask });
        done.add(place);
      } catch (error) {
        surprise(diary, 'observe', error);
      }
    }),
  );
  return done;
}

async function observeOne(deps: Deps, message: ObserveHint | PlanHint | { detail: RawTask }): Promise<void> {
  if ('detail' in message) return takeTask(deps, readTask(message.detail));
  if (message.kind !== 'plan') return takeObserveHint(deps, message);
  await planRuns(deps, message.deploymentId);
}

export function report(diary: Diary, step: string, outcome: Invoked<unknown>): void {
  if (outcome.kind === 'failed') surprise(diary, step, outcome.error);
}

const expected =
  /^planned |^no answer$|^Rate exceeded$|is changed by others|are created and deleted|by others at the same time/;
/** Only a table that was set back lacks attempts. */
const expectedAfterRestore = /^attempt \d+ of run \S+ is not known yet/;

/** Whatever the plan did not ask for is a fault of the program. */
function surprise(diary: Diary, step: string, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  if (diary.restores.length > 0 && expectedAfterRestore.test(text)) return;
  if (!expected.test(text)) diary.surprises.push(`${step}: ${error instanceof Error ? (error.stack ?? text) : text}`);
}
