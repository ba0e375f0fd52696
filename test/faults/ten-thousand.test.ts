// Ten thousand runs before five slots: the surplus waits in the index, not in a queue.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { putMany } from '../../shared/adapters/dynamodb/batch-put.ts';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { headItem } from '../../shared/adapters/dynamodb/run-items.ts';
import { type RawTask, readTask } from '../../shared/adapters/ecs/task-codec.ts';
import { queueSources } from '../../shared/config/resources.ts';
import type { Run } from '../../shared/domain/run/run.ts';
import type { ObserveHint, SubmitHint } from '../../shared/ports/hints.ts';
import { keepTime } from '../../shared/use-cases/keep-time.ts';
import { headOf } from '../../shared/use-cases/record-run.ts';
import { takeObserveHint, takeSubmitHints, takeTask } from '../../shared/use-cases/take-hints.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { holdersOf, limitPool } from '../support/stage/limits.ts';
import { callerOf, exits } from '../support/stage/scenarios.ts';
import { type Stage, type StageStores, startStage } from '../support/stage/stage.ts';
import { aBody } from '../support/stores.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

const second = 1_000;
const minute = 60 * second;
/** Of the ten thousand, so many wait already and are Late; the others come due while the play goes on. */
const [lateOnes, freshOnes] = [7_000, 3_000];
const slots = 5;
/** Invocations of a Lambda that follow each other within a second. */
const roundsPerSecond = 5;

/** Recorded ahead by their schedule: without a hint. */
async function recordRuns({ deps, place, controlTable }: Stage, dueAt: number): Promise<readonly string[]> {
  const { flowId, deploymentId, lane } = place;
  const { workPoolName, workQueueId } = lane;
  const record = (name: string, scheduledTime: number): Run => {
    const state = { type: 'SCHEDULED', name, details: { scheduledTime } } as const;
    const head = headOf(deps.world, {
      flowId,
      deploymentId,
      workPoolName,
      workPoolType: 'ecs:push',
      workQueueId,
      state,
    });
    return { ...head, body: aBody() };
  };
  const runs = [
    ...Array.from({ length: lateOnes }, (_, at) => record('Late', dueAt - 60 * minute + at)),
    ...Array.from({ length: freshOnes }, (_, at) => record('Scheduled', dueAt + at)),
  ];
  const client = createDocumentClient();
  const items = runs.map((run) => headItem(run, deps.world.newId()));
  await putMany(client, controlTable, items);
  client.destroy();
  await deps.lanes.touch(lane, deps.world.now());
  return runs.map(({ id }) => id);
}

/** How many entries of the index and how many heads the pump is given at one time, at most. */
function measured() {
  const most = { waiting: 0, heads: 0 };
  const between = ({ runs, ...others }: StageStores): StageStores => ({
    ...others,
    runs: {
      ...runs,
      async waiting(lane, request) {
        const found = await runs.waiting(lane, request);
        most.waiting = Math.max(most.waiting, found.length);
        return found;
      },
      readMany(ids) {
        most.heads = Math.max(most.heads, ids.length);
        return runs.readMany(ids);
      },
    },
  });
  return { most, between };
}

type Act = (bodies: readonly string[]) => Promise<unknown>;

/** The invocations of a second, as many at once as the event source allows; how often a message came at most. */
async function consume(stage: Stage, name: 'submit' | 'observe', act: Act): Promise<number> {
  const { batchSize = 0, maxConcurrency = 0 } = queueSources.find(({ queue }) => queue === name) ?? {};
  const queue = stage.queues[name];
  let receives = 0;
  for (let round = 0; round < roundsPerSecond; round += 1) {
    const batches = Array.from({ length: maxConcurrency }, () => queue.receive(batchSize));
    await Promise.all(
      batches.map(async (batch) => {
        if (batch.length === 0) return;
        receives = Math.max(receives, ...batch.map((message) => message.receives));
        await stage.invoke(() => act(batch.map(({ body }) => body)));
        for (const message of batch) queue.remove(message);
      }),
    );
  }
  return receives;
}

const observe = ({ deps }: Stage, bodies: readonly string[]) =>
  Promise.all(
    bodies.map((text) => {
      const body = JSON.parse(text) as ObserveHint | { detail: RawTask };
      return 'detail' in body ? takeTask(deps, readTask(body.detail)) : takeObserveHint(deps, body);
    }),
  );

const submit = ({ deps }: Stage, bodies: readonly string[]) =>
  takeSubmitHints(
    deps,
    bodies.map((body) => JSON.parse(body) as SubmitHint),
  );

/** One second of the world: a tick where one is due, what ECS does, what the Lambdas get done. */
async function passSecond(stage: Stage, isTick: boolean): Promise<number> {
  const now = stage.clock.now() + second;
  stage.clock.advanceTo(now);
  if (isTick) await stage.invoke(() => keepTime(stage.deps, now));
  await stage.ecs.act();
  const ofObserve = await consume(stage, 'observe', (bodies) => observe(stage, bodies));
  return Math.max(ofObserve, await consume(stage, 'submit', (bodies) => submit(stage, bodies)));
}

it('10,000 surplus runs wait without a message growing old and without holding a slot', {
  timeout: 100_000,
}, async () => {
  const { most, between } = measured();
  const stage = await startStage({ database, script: exits(0, 40), between });
  try {
    const gateId = await limitPool(stage, slots);
    const { submit: hints, observe: visits } = stage.queues;
    const ids = await recordRuns(stage, stage.clock.now() + 31 * second);
    const seen = { receives: 0, oldest: 0, hints: 0, holders: 0 };

    for (let at = 0; at < 6 * 60; at += 1) {
      seen.receives = Math.max(seen.receives, await passSecond(stage, at % 60 === 0));
      seen.oldest = Math.max(seen.oldest, hints.oldestAge, visits.oldestAge);
      seen.hints = Math.max(seen.hints, hints.size);
      if (at % 10 === 0) seen.holders = Math.max(seen.holders, (await holdersOf(stage, gateId)).length);
    }

    expect(stage.problems).toEqual([]);
    // No message comes twice, let alone so often that it is given up, and none outlives a minute.
    expect(seen.receives).toBe(1);
    expect(seen.oldest).toBeLessThanOrEqual(minute);
    // One a lane and second: not one a run.
    expect(seen.hints).toBeLessThanOrEqual(10);
    expect(visits.size).toBe(0);
    // Whoever waits costs the pump nothing: it reads a pass's worth, whatever is behind it.
    expect(most).toEqual({ waiting: expect.toSatisfy((read) => read <= 50), heads: 40 });
    const launched = stage.ecs.tasks.map((task) => callerOf(task).runId);
    expect(launched.length).toBeGreaterThan(7 * slots);
    expect([...launched].sort()).toEqual(ids.slice(0, launched.length).sort());
    expect(seen.holders).toBe(slots);
    const surplus = await stage.deps.runs.readMany(ids.slice(launched.length));
    expect(surplus).toHaveLength(lateOnes + freshOnes - launched.length);
    expect(surplus.filter(({ state, attempt, slot }) => state.name !== 'Late' || attempt > 0 || slot)).toEqual([]);
  } finally {
    await stage.close();
  }
});
