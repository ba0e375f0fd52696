// What the containers of tasks do: plain ones that exit, and flow engines that speak, wait, are interrupted and die.
import type { Caller } from '../../../shared/domain/run/policy-types.ts';
import { isTerminal } from '../../../shared/domain/run/state.ts';
import type { ModelEcs, ModelTask } from '../stage/model-ecs.ts';
import { callerOf } from '../stage/scenarios.ts';
import { cancelled, completed, crashed, failed, isTaken, peek, propose, retrying, running } from './asking.ts';
import type { World } from './world.ts';

export const containerFates = ['succeeds', 'fails', 'spot', 'never-starts', 'runs-on'] as const;
export const engineFates = [
  'succeeds',
  'fails',
  'fails-once',
  'says-nothing',
  'dies',
  'crashes-by-force',
  'spot',
  'zombie',
  'suspends',
  'pauses',
  'runs-on',
] as const;
export type Fate = (typeof containerFates)[number] | (typeof engineFates)[number];

/** What a run's containers are to do; the first of them does it, later ones succeed where that makes sense. */
export type Role = { readonly isEngine: boolean; readonly fate: Fate; readonly seconds: number };

const spot = { exitCode: 143, stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' };
const containerEnds: Readonly<Partial<Record<Fate, Parameters<ModelEcs['end']>[1]>>> = {
  fails: { exitCode: 1 },
  spot,
  'never-starts': { stopCode: 'TaskFailedToStart', reason: 'CannotPullContainerError: timed out' },
};
const afterAll: readonly Fate[] = ['fails', 'runs-on'];

export function startContainer(world: World, task: ModelTask, role: Role): void {
  const caller = callerOf(task);
  const fate = caller.attempt === 1 || afterAll.includes(role.fate) ? role.fate : 'succeeds';
  world.diary.note(`ecs: task ${task.arn.slice(-4)} of ${caller.runId.slice(-6)}/${caller.attempt} runs and ${fate}`);
  if (role.isEngine) void runEngine(world, task, { ...role, fate });
  else runContainer(world, task, { ...role, fate });
}

function runContainer({ ecs, kernel }: World, task: ModelTask, { fate, seconds }: Role): void {
  const end = kernel.now() + seconds * 1000;
  const ending = containerEnds[fate];
  if (fate === 'never-starts') ecs.end(task, ending ?? {});
  else if (fate !== 'runs-on') ecs.at(end, () => ecs.end(task, ending ?? { exitCode: 0 }));
}

/** SIGTERM, then SIGKILL 30 s later: engines give up silently, or force their Crashed first; others know no Prefect. */
export function stopContainer(
  world: World,
  task: ModelTask,
  { role, reason }: { readonly role: Role; readonly reason: string },
): void {
  const { ecs, kernel, dice } = world;
  const end = kernel.now() + dice.whole(200, 30_000);
  if (role.isEngine && task.lastStatus === 'RUNNING' && dice.once(4)) {
    const caller = callerOf(task);
    void propose(world, {
      runId: caller.runId,
      state: crashed,
      who: 'engine on SIGTERM',
      caller,
      force: true,
      mostTries: 2,
    });
  }
  ecs.at(end, () => ecs.end(task, { exitCode: 143, stopCode: 'UserInitiated', reason }));
}

type Engine = { readonly world: World; readonly task: ModelTask; readonly caller: Caller };

const isAlive = ({ task }: Engine) => task.lastStatus === 'RUNNING';

/** 'go-on' when the word was taken; anything else ends the engine. */
async function says(engine: Engine, state: typeof running, force = false): Promise<string> {
  if (!isAlive(engine)) return 'dead';
  const { world, caller } = engine;
  const answer = await propose(world, {
    runId: caller.runId,
    state,
    who: `engine ${caller.attempt}`,
    caller,
    force,
    mostTries: 8,
  });
  if (answer === 'unanswered' || answer === undefined) return 'crash';
  if (isTaken(answer, state.type)) return 'go-on';
  return answer.status === 'REJECT' ? `rejected ${answer.state?.type ?? ''}` : answer.status;
}

async function runEngine(world: World, task: ModelTask, { fate, seconds }: Role): Promise<void> {
  const engine: Engine = { world, task, caller: callerOf(task) };
  const { kernel, ecs } = world;
  const exit = async (exitCode: number) => {
    await kernel.sleep(world.dice.whole(100, 3_000));
    ecs.end(task, { exitCode });
  };
  await kernel.sleep(world.dice.whole(500, 3_000));
  let begun = await says(engine, running);
  // A run that waits for its time is asked for again.
  for (let turn = 0; begun === 'WAIT' && turn < 5; turn += 1) {
    await kernel.sleep(5_000);
    begun = await says(engine, running);
  }
  if (begun !== 'go-on') return exit(begun === 'crash' ? 1 : 0);
  return exit(await execute(engine, { fate, seconds }));
}

/** The flow itself; answers the exit code. */
async function execute(engine: Engine, { fate, seconds }: Pick<Role, 'fate' | 'seconds'>): Promise<number> {
  const { world, task, caller } = engine;
  const { kernel, ecs } = world;
  if (await isCancelledWithin(engine, fate === 'runs-on' ? 7_200 : seconds)) {
    if (world.dice.once(2)) return 143;
    await says(engine, cancelled);
    return 0;
  }
  switch (fate) {
    case 'fails':
      await says(engine, failed);
      return 1;
    case 'fails-once':
      return (await says(engine, failed)) === 'rejected SCHEDULED' ? retry(engine, seconds) : 1;
    case 'says-nothing':
      return 0;
    case 'dies':
      return 137;
    case 'crashes-by-force':
      await says(engine, crashed, true);
      return 1;
    case 'spot':
      ecs.end(task, spot);
      return 143;
    case 'zombie':
      // The host is lost to ECS, and its container goes on for a while.
      ecs.end(task, { stopCode: 'InfrastructureHealth', reason: 'The host of the task was lost' });
      await kernel.sleep(seconds * 1000);
      await propose(world, { runId: caller.runId, state: completed, who: 'zombie', caller, mostTries: 8 });
      return 0;
    case 'suspends':
      await says(engine, {
        type: 'PAUSED',
        name: 'Suspended',
        details: { pauseReschedule: true, pauseTimeout: kernel.now() + 3_600_000, pauseKey: 'one' },
      });
      return 0;
    case 'pauses':
      await says(engine, {
        type: 'PAUSED',
        name: 'Paused',
        details: { pauseReschedule: false, pauseTimeout: kernel.now() + 900_000, pauseKey: 'one' },
      });
      return goOnWhenResumed(engine);
    default:
      return (await says(engine, completed)) === 'crash' ? 1 : 0;
  }
}

async function goOnWhenResumed(engine: Engine): Promise<number> {
  const { world, caller } = engine;
  for (let waited = 0; waited < 100 && isAlive(engine); waited += 1) {
    await world.kernel.sleep(10_000);
    const type = peek(world, caller.runId)?.state.type;
    if (type === 'SCHEDULED') break;
    if (type !== 'PAUSED') return 1;
  }
  if ((await says(engine, running)) !== 'go-on') return 0;
  await says(engine, completed);
  return 0;
}

/** A retry waits in its engine: nobody else may take it while the engine lives. */
async function retry(engine: Engine, seconds: number): Promise<number> {
  const { world, caller } = engine;
  await world.kernel.sleep(seconds * 1000);
  const begin = peek(world, caller.runId)?.state.details.scheduledTime ?? 0;
  await world.kernel.sleep(Math.max(0, begin - world.kernel.now()));
  if ((await says(engine, retrying)) !== 'go-on') return 0;
  await world.kernel.sleep(seconds * 1000);
  await says(engine, completed);
  return 0;
}

/** Engines look every ten seconds whether their run is cancelled. */
async function isCancelledWithin(engine: Engine, seconds: number): Promise<boolean> {
  const { kernel } = engine.world;
  const end = kernel.now() + seconds * 1000;
  while (kernel.now() < end && isAlive(engine)) {
    await kernel.sleep(Math.min(10_000, end - kernel.now()));
    const state = peek(engine.world, engine.caller.runId)?.state;
    if (state === undefined || isTerminal(state.type)) return false;
    if (state.type === 'CANCELLING') return true;
  }
  return false;
}
