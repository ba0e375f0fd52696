// Hybrid workers: they poll their pool, ask for PENDING, and execute what they got in a process of their own.
import { isWaiting } from '../../../shared/domain/run/lane.ts';
import { pollRuns } from '../../../shared/use-cases/poll-runs.ts';
import { ask, cancelled, completed, crashed, failed, isTaken, peek, plain, propose, running } from './asking.ts';
import { headOf } from './publisher.ts';
import { hybridPool } from './scene.ts';
import type { World } from './world.ts';

const pending = plain('PENDING', 'Pending');

export function startWorkers(world: World, count: number): void {
  for (let worker = 1; worker <= count; worker += 1) void work(world, `worker ${worker}`);
}

async function work(world: World, name: string): Promise<void> {
  const { kernel, dice } = world;
  for (;;) {
    await kernel.sleep(dice.whole(8_000, 14_000));
    if (!hasWork(world)) continue;
    const poll = { workPoolName: hybridPool, scheduledBefore: kernel.now() + 10_000, limit: 5 };
    const polled = await ask(world, (deps) => pollRuns(deps, poll), 2);
    await Promise.all((polled?.answer ?? []).map(({ run }) => submit(world, name, run.id)));
  }
}

/** Workers poll for ever; polls that could show nothing are left out. */
function hasWork({ tables }: World): boolean {
  for (const item of tables.items()) {
    if (item['sk'] !== 'head' || item['state_type'] !== 'SCHEDULED') continue;
    const run = headOf(item);
    if (run?.workPoolName === hybridPool && isWaiting(run)) return true;
  }
  return false;
}

async function submit(world: World, who: string, runId: string): Promise<void> {
  const answer = await propose(world, { runId, state: pending, who });
  if (isTaken(answer, 'PENDING')) void execute(world, runId);
}

async function execute(world: World, runId: string): Promise<void> {
  const { kernel, dice } = world;
  const says = (state: typeof running) => propose(world, { runId, state, who: 'hybrid engine' });
  await kernel.sleep(dice.whole(500, 5_000));
  let begun = await says(running);
  for (let turn = 0; begun !== 'unanswered' && begun?.status === 'WAIT' && turn < 20; turn += 1) {
    await kernel.sleep(5_000);
    begun = await says(running);
  }
  if (!isTaken(begun, 'RUNNING')) return;
  await sign(world, runId);
  await kernel.sleep(dice.whole(2_000, 40_000));
  const isHeard = await sign(world, runId);
  // Of one that never gave a sign nobody knows that it gives any.
  if (dice.once(8) && isHeard) {
    world.diary.note(`hybrid engine of ${runId.slice(-6)} dies without a word`);
    return;
  }
  await kernel.sleep(dice.whole(1_000, 40_000));
  if (peek(world, runId)?.state.type === 'CANCELLING') {
    await says(cancelled);
    return;
  }
  await says(dice.once(6) ? failed : dice.once(10) ? crashed : completed);
}

async function sign(world: World, runId: string): Promise<boolean> {
  return (await ask(world, (deps) => deps.heartbeats.note(runId, deps.world.now()), 3)) !== undefined;
}
