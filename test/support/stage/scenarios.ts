// Small plays for the stage: who triggers, what the task does, and what must be true in the end.
import type { Caller } from '../../../shared/domain/run/policy-types.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import { isTerminal, type ProposedState } from '../../../shared/domain/run/state.ts';
import { recordState, type StateAnswer } from '../../../shared/use-cases/record-state.ts';
import { triggerRun } from '../../../shared/use-cases/trigger-run.ts';
import type { ModelTask, TaskScript } from './model-ecs.ts';
import type { Stage } from './stage.ts';

const second = 1000;

/** Triggers as a client does: with a key, and again when the answer does not come. */
export async function triggerOnce(stage: Stage, key = 'once'): Promise<string> {
  for (let send = 0; send < 3; send += 1) {
    const answer = await stage.invoke(() =>
      triggerRun(stage.deps, { deploymentId: stage.place.deploymentId, idempotencyKey: key }),
    );
    if (answer?.kind === 'refused') throw new Error(answer.reason);
    if (answer !== undefined) return answer.run.id;
    stage.clock.advanceTo(stage.clock.now() + second);
  }
  throw new Error('the trigger was never answered');
}

/** Proposes a state as Prefect's client does: the same transition id until somebody answers. */
export async function propose(
  stage: Stage,
  runId: string,
  { state, caller, force = false }: { state: ProposedState; caller?: Caller; force?: boolean },
): Promise<StateAnswer | undefined> {
  const transitionId = stage.deps.world.newId();
  const proposed = { ...state, details: { ...state.details, transitionId } };
  for (let send = 0; send < 3; send += 1) {
    let isAnswered = false;
    const answer = await stage.invoke(async () => {
      const given = await recordState(stage.deps, {
        runId,
        proposed,
        force,
        ...(caller === undefined ? {} : { caller }),
      });
      isAnswered = true;
      return given;
    });
    if (isAnswered) return answer;
  }
  throw new Error('the proposal was never answered');
}

/** A task that ends by itself. */
export const exits =
  (exitCode: number, afterSeconds = 5): TaskScript =>
  (task, ecs) =>
    ecs.at((task.startedAt ?? 0) + afterSeconds * second, () => ecs.end(task, { exitCode }));

/** A task that runs until it is stopped. */
export const runsOn: TaskScript = () => undefined;

/** The first task is lost to Spot, the next ones end well. */
export const lostOnce: TaskScript = (task, ecs) =>
  ecs.tasks.length > 1
    ? exits(0)(task, ecs)
    : ecs.at((task.startedAt ?? 0) + 3 * second, () =>
        ecs.end(task, { exitCode: 143, stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' }),
      );

const plain = (type: ProposedState['type'], name: string): ProposedState => ({ type, name, details: {} });
export const running = plain('RUNNING', 'Running');
export const completed = plain('COMPLETED', 'Completed');
export const cancelling = plain('CANCELLING', 'Cancelling');
export const failed = plain('FAILED', 'Failed');
export const crashed = plain('CRASHED', 'Crashed');

export function callerOf(task: ModelTask): Caller {
  const [, , runId = '', attempt = '0'] = task.startedBy.split('/');
  return { runId, attempt: Number(attempt) };
}

/** A flow engine inside the task: says RUNNING, then its words, then its process ends. */
export const engine =
  (stage: () => Stage, words: readonly ProposedState[], exitCode = 0): TaskScript =>
  (task, ecs) => {
    const caller = callerOf(task);
    const start = task.startedAt ?? 0;
    [running, ...words].forEach((state, at) => {
      ecs.at(start + (at + 1) * second, async () => {
        if (task.lastStatus === 'RUNNING') await propose(stage(), caller.runId, { state, caller });
      });
    });
    ecs.at(start + (words.length + 3) * second, () => ecs.end(task, { exitCode }));
  };

export const isOver = (run: Run): boolean => isTerminal(run.state.type) && !run.isAttemptOpen;
