// The invariants that hold at every moment: asked of each write in turn, with what was written before it.
import type { Attempt } from '../../../shared/domain/run/attempt.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import { isTerminal } from '../../../shared/domain/run/state.ts';
import { mayFollow } from '../../../shared/domain/run/transition.ts';
import type { ModelTask } from '../stage/model-ecs.ts';
import {
  type AttemptMove,
  attemptName,
  type HeadMove,
  type HolderMove,
  type Move,
  tasksByAttempt,
  type VersionMove,
} from './history.ts';
import type { Invariant, Violation } from './invariants.ts';
import { noteOfNext } from './other-releases.ts';
import type { Scene } from './scene.ts';
import type { World } from './world.ts';

type At<T> = T & { readonly at: number; readonly by: string };

export function checkMoves(world: World, scene: Scene, moves: readonly Move[]): Violation[] {
  const found: Violation[] = [];
  const report = (invariant: Invariant, what: string, at: number) => found.push({ invariant, what, at });
  const book = createBook(world, scene, report);
  const stops = [...world.diary.stops];
  for (const [place, move] of moves.entries()) {
    while ((stops[0]?.at ?? Number.POSITIVE_INFINITY) < move.at) book.stop(stops.shift()?.arn ?? '', move.at);
    book.take(move);
    if (moves[place + 1]?.number !== move.number) book.writeEnds(move.at);
  }
  book.end();
  return found;
}

type Report = (invariant: Invariant, what: string, at: number) => void;

const ofService = ['submit', 'observe', 'clock'];
const startDeadlineMs = 900_000;

function createBook(world: World, scene: Scene, report: Report) {
  const { diary, ecs } = world;
  const tasks = tasksByAttempt(world);
  /** How often an id's tombstone was swept. */
  const lives = new Map<string, number>();
  const heads = new Map<string, Run>();
  const attempts = new Map<string, Attempt>();
  const newest = new Map<string, number>();
  const open = new Map<string, Set<number>>();
  const holders = new Map<string, Map<string, number | undefined>>();
  const known = new Set<string>();
  const touched = new Set<string>();

  const takeHead = ({ runId, before, after, at, by }: At<HeadMove>) => {
    if (by === 'ttl') bury(runId);
    touched.add(runId);
    if (after === undefined) heads.delete(runId);
    else heads.set(runId, after);
    if (after === undefined) return;
    known.add(after.state.id);
    if (before === undefined) return;
    if (after.version !== before.version + 1)
      report('no write is lost', `head of ${runId}: version ${before.version} became ${after.version}`, at);
    checkNotes(`head of ${runId}`, { before, after, at });
    if (before.state.id !== after.state.id) takeState(before, after, { at, by });
  };

  /** Its engine said that it runs, and the former table took that with it: only runs that are RUNNING are retried. */
  const isRunningLost = ({ id, attempt, state }: Run) =>
    diary.restores.length > 0 &&
    state.type === 'PENDING' &&
    [...diary.words.values()].some((word) => word.runId === id && word.attempt === attempt && word.type === 'RUNNING');

  const takeState = (before: Run, after: Run, { at, by }: { at: number; by: string }) => {
    const { transitionId } = after.state.details;
    const word = transitionId === undefined ? undefined : diary.words.get(transitionId);
    const what = `run ${after.id}: ${before.state.type} (${before.state.name}) became ${after.state.type} (${after.state.name}) by ${by}`;
    const isForced = transitionId !== undefined && diary.forced.has(transitionId);
    const isOurs = ofService.includes(by);
    // After a restore a task may be found of a run that the table takes for over: it is its run's again.
    const isAdopted = isOurs && /^The table was restored/.test(after.state.message ?? '');
    if (isAdopted && diary.restores.length > 0) return;
    const isReopened = isOurs && isTerminal(before.state.type);
    if (isReopened || (!isForced && !isAllowed(before, after, isOurs))) report('no transition is illegal', what, at);
    if (word !== undefined && word.runId === after.id && word.attempt !== before.attempt)
      report(
        'no word of a stale attempt takes effect',
        `${what}, said by attempt ${word.attempt} of ${before.attempt}`,
        at,
      );
    const { retries = 0 } = before.empiricalPolicy;
    const isRetryLeft = before.runCount <= retries && before.state.type !== 'CANCELLING' && !isRunningLost(before);
    if (word?.type === 'FAILED' && !word.isForced && after.state.type === 'FAILED' && isRetryLeft)
      report('no user retry is lost', `${what} with ${retries} retries after ${before.runCount} runs`, at);
    if (word?.type === 'CRASHED' && after.state.type === 'CRASHED' && by === 'api' && isRunning(after, at))
      report('a crash is believed only when the task is over', what, at);
    if (after.state.type === 'COMPLETED') checkCompleted(after, { at, isSaid: word?.type === 'COMPLETED' });
  };

  /** The number of attempts is forgotten with the tombstone; by then whatever they could say has been said. */
  const bury = (runId: string) => {
    newest.delete(runId);
    lives.set(runId, (lives.get(runId) ?? 0) + 1);
  };

  const checkNotes = (what: string, { before, after, at }: { before: object; after: object; at: number }) => {
    if (noteOfNext(after) < noteOfNext(before))
      report('a field of another release is kept', `${what}: ${noteOfNext(before)} became ${noteOfNext(after)}`, at);
  };

  const tasksOf = (runId: string, attempt: number): readonly ModelTask[] =>
    tasks.get(`${runId}/${attempt}/${lives.get(runId) ?? 0}`) ?? [];

  const isRunning = (run: Run, at: number) =>
    tasksOf(run.id, run.attempt).some(({ stoppedAt }) => (stoppedAt ?? Number.POSITIVE_INFINITY) > at);

  /** Nobody completes a run but its engine, its worker, or a container that exited with 0. */
  const checkCompleted = (run: Run, { at, isSaid }: { at: number; isSaid: boolean }) => {
    const attempt = attempts.get(`${run.id}/${run.attempt}`);
    if (!run.launched || isSaid) return;
    const ended = tasksOf(run.id, run.attempt).some(({ exitCode }) => exitCode === 0);
    if (attempt?.reports !== 'exit-code' || !ended)
      report(
        'a run ends as its task did',
        `run ${run.id} is COMPLETED and no container of attempt ${run.attempt} said so`,
        at,
      );
  };

  const takeAttempt = ({ before, after, at }: At<AttemptMove>) => {
    const current = after ?? before;
    if (current === undefined) return;
    const name = attemptName(current);
    const openOnes = open.get(current.runId) ?? new Set<number>();
    open.set(current.runId, openOnes);
    touched.add(current.runId);
    if (after === undefined) {
      attempts.delete(name);
      openOnes.delete(current.number);
      return;
    }
    attempts.set(name, after);
    if (after.heldCrash !== undefined) known.add(after.heldCrash.id);
    if (before === undefined) {
      if (after.number <= (newest.get(after.runId) ?? 0))
        report('attempt numbers never repeat', `attempt ${name} again`, at);
      newest.set(after.runId, after.number);
    } else {
      if (after.version !== before.version + 1)
        report('no write is lost', `attempt ${name}: version ${before.version} became ${after.version}`, at);
      checkNotes(`attempt ${name}`, { before, after, at });
    }
    if (after.closed === undefined) openOnes.add(after.number);
    else openOnes.delete(after.number);
    if (openOnes.size > 1)
      report('a run has one open attempt at most', `${name} beside ${[...openOnes].join(', ')}`, at);
    if (before?.closed === undefined && after.closed !== undefined) checkClosed(after, at);
  };

  const checkClosed = (attempt: Attempt, at: number) => {
    // After a restore the number may be given again, to an attempt that this one is not.
    const restoredAt = diary.restores.find((restore) => restore.at > at)?.at ?? Number.POSITIVE_INFINITY;
    const own = tasksOf(attempt.runId, attempt.number).filter(({ createdAt }) => createdAt < restoredAt);
    const living = own.filter(
      ({ createdAt, stoppedAt }) => createdAt <= at && (stoppedAt ?? Number.POSITIVE_INFINITY) > at,
    );
    const end = attempt.closed?.end;
    const wrongly = end === 'never-launched' ? own : living;
    for (const { arn } of wrongly)
      report(
        'an attempt is closed only when its task is known to be over',
        `${attemptName(attempt)} closed as ${end}: ${arn}`,
        at,
      );
  };

  /** Slots of pools and queues with tasks of ours follow the task, all others the run (design rule 6). */
  const mayHold = (runId: string, run: Run | undefined, gateId: string): boolean => {
    const isOfTask = scene.gates.get(gateId)?.holds === 'task';
    return isOfTask ? (open.get(runId)?.size ?? 0) > 0 : run !== undefined && !isTerminal(run.state.type);
  };

  /** The task of its open attempt was launched before the table was set back: it counts whatever the limit says now. */
  const wasFound = (key: string, at: number): boolean => {
    const restoredAt = diary.restores.findLast((restore) => restore.at <= at)?.at;
    if (restoredAt === undefined || !key.startsWith('run#')) return false;
    const runId = key.slice('run#'.length);
    const numbers = [...(open.get(runId) ?? [])];
    return numbers.some((number) => tasksOf(runId, number).some(({ createdAt }) => createdAt < restoredAt));
  };

  const takeHolder = ({ gateId, key, until, isThere, at }: At<HolderMove>) => {
    const gate = holders.get(gateId) ?? new Map<string, number | undefined>();
    holders.set(gateId, gate);
    if (!isThere) {
      gate.delete(key);
      return;
    }
    gate.set(key, until);
    const valid = [...gate.values()].filter((end) => (end ?? Number.POSITIVE_INFINITY) > at).length;
    const { limit = 0 } = scene.gates.get(gateId) ?? {};
    if (valid > limit && !wasFound(key, at))
      report('no limit is exceeded', `${valid} hold ${gateId}, ${limit} may`, at);
  };

  const takeVersion = ({ name, from, to, at }: At<VersionMove>) => {
    if (to !== from + 1) report('no write is lost', `${name}: version ${from} became ${to}`, at);
  };

  /** The table is another one now: what stands there is where the history goes on. */
  const takeRestored = (move: Move) => {
    if (move.kind === 'head') {
      if (move.after === undefined) heads.delete(move.runId);
      else heads.set(move.runId, move.after);
      newest.set(move.runId, move.after?.attempt ?? 0);
    } else if (move.kind === 'attempt') {
      const attempt = move.after ?? move.before;
      if (attempt === undefined) return;
      if (move.after === undefined) attempts.delete(attemptName(attempt));
      else attempts.set(attemptName(attempt), move.after);
      const openOnes = open.get(attempt.runId) ?? new Set<number>();
      open.set(attempt.runId, openOnes);
      if (move.after === undefined || move.after.closed !== undefined) openOnes.delete(attempt.number);
      else openOnes.add(attempt.number);
    } else if (move.kind === 'holder') {
      const gate = holders.get(move.gateId) ?? new Map<string, number | undefined>();
      holders.set(move.gateId, gate);
      if (move.isThere) gate.set(move.key, move.until);
      else gate.delete(move.key);
    }
  };

  return {
    take(move: Move) {
      if (move.by === 'restore') return takeRestored(move);
      switch (move.kind) {
        case 'head':
          return takeHead(move);
        case 'attempt':
          return takeAttempt(move);
        case 'holder':
          return takeHolder(move);
        case 'version':
          return takeVersion(move);
      }
    },
    /** A transaction is whole: whoever has no right to a slot any more has none. */
    writeEnds(at: number) {
      for (const runId of touched) {
        const run = heads.get(runId);
        for (const [gateId, gate] of holders) {
          if (gate.has(`run#${runId}`) && !mayHold(runId, run, gateId))
            report(
              'no slot outlives its right',
              `run ${runId} is ${run?.state.type ?? 'deleted'} and holds ${gateId}`,
              at,
            );
        }
      }
      touched.clear();
    },
    stop(arn: string, at: number) {
      const task = ecs.tasks.find((one) => one.arn === arn);
      const [runId = '', number = '0'] = task?.startedBy.split('/').slice(2) ?? [];
      const run = heads.get(runId);
      const attempt = attempts.get(`${runId}/${number}`);
      if (run === undefined || attempt === undefined || run.attempt !== attempt.number || !run.isAttemptOpen) return;
      const isWanted = ['PENDING', 'RUNNING', 'PAUSED'].includes(run.state.type) || isRetryInEngine(world, run);
      if (isWanted && at < attempt.openedAt + startDeadlineMs)
        report(
          'only tasks that nobody wants are stopped',
          `${arn} of run ${runId}, which is ${run.state.type} (${run.state.name})`,
          at,
        );
    },
    end() {
      const restoredAt = diary.restores.at(-1)?.at ?? 0;
      for (const { stateId, status, who, runId, at } of diary.told) {
        if (status !== 'ACCEPT' || stateId === undefined || known.has(stateId) || at < restoredAt) continue;
        report(
          'what a client was told is true',
          `${who} was told of state ${stateId} of run ${runId}, which never was`,
          at,
        );
      }
    },
  };
}

/** The run waits for the retry that its living engine was promised. */
function isRetryInEngine({ diary }: World, run: Run): boolean {
  const { transitionId } = run.state.details;
  return run.state.type === 'SCHEDULED' && transitionId !== undefined && diary.words.has(transitionId);
}

/** What the service itself writes when an attempt ends or time passes stands beside the table of what may be proposed. */
function isAllowed(before: Run, after: Run, isOurs: boolean): boolean {
  if (isOurs && after.state.type === 'CRASHED') return before.state.type !== 'CANCELLING';
  return mayFollow(before.state.type, after.state.type);
}
