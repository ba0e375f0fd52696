// Two pumps at once, each with clients of its own, on one table: one lease, each run claimed once, one task each,
// never more launches than the rate allows.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../../shared/domain/run/attempt.ts';
import type { AdmissionState } from '../../shared/domain/submit/admission.ts';
import { submitRuns } from '../../shared/use-cases/submit-runs.ts';
import { triggerRun } from '../../shared/use-cases/trigger-run.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { exits, isOver, runsOn, triggerOnce } from '../support/stage/scenarios.ts';
import { type Stage, type StageDeps, type StageOptions, startStage } from '../support/stage/stage.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

async function onStage(options: Omit<StageOptions, 'database'>, play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await startStage({ ...options, database });
  try {
    await play(stage);
    expect(stage.problems).toEqual([]);
  } finally {
    await stage.close();
  }
}

/** Runs that wait, and no hint that says so: only the lane knows. */
async function waitingRuns(stage: Stage, count: number, name = 'run'): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) ids.push(await triggerOnce(stage, `${name} ${at}`));
  stage.queues.submit.clear();
  await stage.deps.lanes.touch(stage.place.lane, stage.clock.now() + 60_000);
  return ids;
}

type Taken = { readonly epoch: number; readonly at: number; readonly wasHeldUntil: number };

/** Notes each lease that a pump takes and each attempt that it opens. */
function watched(stage: Stage, deps: StageDeps): { deps: StageDeps; taken: Taken[]; opened: Attempt[] } {
  const taken: Taken[] = [];
  const opened: Attempt[] = [];
  const write = async (before: AdmissionState | undefined, after: AdmissionState) => {
    const answer = await deps.admission.write(before, after);
    const isLease = after.epoch > (before?.epoch ?? 0);
    if (answer === 'written' && isLease) {
      taken.push({ epoch: after.epoch, at: stage.clock.now(), wasHeldUntil: before?.leaseUntil ?? 0 });
    }
    return answer;
  };
  const openAttempt: StageDeps['runs']['openAttempt'] = async (before, after, opening) => {
    const answer = await deps.runs.openAttempt(before, after, opening);
    if (answer === 'written') opened.push(opening.attempt);
    return answer;
  };
  return {
    deps: { ...deps, admission: { ...deps.admission, write }, runs: { ...deps.runs, openAttempt } },
    taken,
    opened,
  };
}

/** More launches than burst and rate allow over some window, if any. */
function excess(times: readonly number[], { perSecond, burst }: { perSecond: number; burst: number }): string[] {
  const sorted = [...times].sort((one, other) => one - other);
  return sorted.flatMap((first, from) =>
    sorted.slice(from).flatMap((last, count) => {
      const allowed = burst + ((last - first) / 1000) * perSecond;
      return count + 1 > allowed ? [`${count + 1} launches within ${last - first} ms, ${allowed} allowed`] : [];
    }),
  );
}

describe('two pumps at once', () => {
  it('claim each of 100 waiting runs once and start one task for it, again and again', { timeout: 100_000 }, () =>
    onStage({ script: exits(0, 1), launchRate: { perSecond: 1_000, burst: 1_000 } }, async (stage) => {
      const one = watched(stage, stage.deps);
      const other = watched(stage, stage.another());

      for (let round = 1; round <= 5; round += 1) {
        const ids = await waitingRuns(stage, 100, `round ${round}`);
        await Promise.all([submitRuns(one.deps), submitRuns(other.deps)]);
        await stage.drive(async () => stage.ecs.runTaskCalls.length >= round * 100);

        const opened = [...one.opened, ...other.opened].filter(({ runId }) => ids.includes(runId));
        expect(opened.map(({ runId }) => runId).sort()).toEqual([...ids].sort());
        expect(stage.ecs.runTaskCalls).toHaveLength(round * 100);
        expect(new Set(stage.ecs.tasks.map(({ startedBy }) => startedBy)).size).toBe(round * 100);
      }

      const taken = [...one.taken, ...other.taken];
      expect(new Set(taken.map(({ epoch }) => epoch)).size).toBe(taken.length);
      expect(taken.filter(({ at, wasHeldUntil }) => wasHeldUntil > at)).toEqual([]);
    }),
  );

  it('never launch more than the rate allows, and all of it in the end', { timeout: 100_000 }, () => {
    const launchRate = { perSecond: 10, burst: 15 };
    return onStage({ script: exits(0, 1), launchRate }, async (stage) => {
      const other = stage.another();
      const ids = await waitingRuns(stage, 100);
      const start = stage.clock.now();

      await Promise.all([submitRuns(stage.deps), submitRuns(other)]);
      await stage.drive(async () => stage.ecs.tasks.length >= 100, 1);

      const times = stage.ecs.tasks.map(({ createdAt }) => createdAt);
      expect(excess(times, launchRate)).toEqual([]);
      expect(new Set(stage.ecs.tasks.map(({ startedBy }) => startedBy)).size).toBe(ids.length);
      expect((Math.max(...times) - start) / 1000).toBeLessThanOrEqual(20);
    });
  });

  it('with one that finds the lease held: the holder goes round again for it', () =>
    onStage({ script: runsOn }, async (stage) => {
      const [first] = await waitingRuns(stage, 1, 'first');
      const other = watched(stage, stage.another());
      let late: string | undefined;
      const readMany: StageDeps['runs']['readMany'] = async (ids) => {
        // The holder has looked for work and claims what it found: now there is more.
        if (late === undefined) {
          [late] = await waitingRuns(stage, 1, 'late');
          await submitRuns(other.deps);
        }
        return stage.deps.runs.readMany(ids);
      };
      const holder = watched(stage, { ...stage.deps, runs: { ...stage.deps.runs, readMany } });

      await submitRuns(holder.deps);

      expect(other.opened).toEqual([]);
      expect(holder.opened.map(({ runId }) => runId)).toEqual([first, late]);
      expect(await stage.deps.admission.read()).toMatchObject({ leaseUntil: 0, more: false });
    }));
});

describe('a holder that died', () => {
  it('keeps others off for 10 s at most, and then work goes on by itself', () =>
    onStage({ script: exits(0, 1) }, async (stage) => {
      const [id] = await waitingRuns(stage, 1);
      const dead = stage.another();
      const start = stage.clock.now();
      const died = submitRuns({ ...dead, runs: { ...dead.runs, readMany: () => Promise.reject(new Error('died')) } });
      await expect(died).rejects.toThrow('died');

      await submitRuns(stage.deps);
      const held = await stage.deps.admission.read();
      await stage.drive(async () => isOver(await stage.readRun(id ?? '')));

      expect(held).toMatchObject({ leaseUntil: start + 10_000, more: true });
      const attempt = await stage.deps.runs.readAttempt(id ?? '', 1);
      expect(attempt?.openedAt).toBeGreaterThanOrEqual(start + 10_000);
      expect(attempt?.openedAt).toBeLessThanOrEqual(start + 120_000);
      expect((await stage.deps.admission.read())?.epoch).toBe(2);
    }));

  it('cannot give back the lease that another has taken since', () =>
    onStage({ script: runsOn }, async (stage) => {
      await waitingRuns(stage, 1);
      let isSlow = true;
      const readMany: StageDeps['runs']['readMany'] = async (ids) => {
        if (isSlow) {
          isSlow = false;
          stage.clock.advanceTo(stage.clock.now() + 10_000);
          await submitRuns(stage.another());
        }
        return stage.deps.runs.readMany(ids);
      };
      const slow = watched(stage, { ...stage.deps, runs: { ...stage.deps.runs, readMany } });

      await submitRuns(slow.deps);

      // Its reservation has expired: no claim under it, though it saw the run waiting.
      expect(slow.opened).toEqual([]);
      expect(stage.ecs.tasks).toHaveLength(1);
      expect(await stage.deps.admission.read()).toMatchObject({ epoch: 2, leaseUntil: 0 });
    }));
});

describe('one hint', () => {
  it('is enough for all that waits in a lane, more than a pass takes', () =>
    onStage({ script: runsOn, launchRate: { perSecond: 20, burst: 100 } }, async (stage) => {
      await waitingRuns(stage, 95);

      await submitRuns(stage.deps);

      expect(stage.ecs.tasks).toHaveLength(95);
      expect(stage.queues.submit.size).toBe(0);
    }));

  it('leaves another behind when a call has done its share', { timeout: 100_000 }, () =>
    onStage({ script: runsOn, launchRate: { perSecond: 10_000, burst: 10_000 } }, async (stage) => {
      await waitingRuns(stage, 801);

      await submitRuns(stage.deps);

      expect(stage.ecs.tasks).toHaveLength(800);
      expect(stage.queues.submit.nextAt()).toBe(stage.clock.now());
    }),
  );

  it('starts nothing before its time', () =>
    onStage({ script: runsOn }, async (stage) => {
      const due = stage.clock.now() + 1_500;
      const state = { type: 'SCHEDULED', name: 'Scheduled', details: { scheduledTime: due } } as const;
      await triggerRun(stage.deps, { deploymentId: stage.place.deploymentId, state });
      await stage.deps.lanes.touch(stage.place.lane, stage.clock.now());

      await submitRuns(stage.deps);
      const early = stage.ecs.tasks.length;
      stage.clock.advanceTo(due);
      await submitRuns(stage.deps);

      expect([early, stage.ecs.tasks.length]).toEqual([0, 1]);
    }));
});
