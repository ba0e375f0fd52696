// Every stop code of ECS, and what the containers of a stopped task then mean.
import { describe, expect, it } from 'vitest';
import type { TaskContainer, TaskObservation } from '../../shared/domain/run/attempt.ts';
import { outcomeOf, type StopCode, stopCodes } from '../../shared/domain/task/outcome.ts';

function outcome(stopCode: string | undefined, containers: readonly TaskContainer[], stoppedReason = 'why') {
  const task: TaskObservation = {
    version: 5,
    lastStatus: 'STOPPED',
    containers,
    stoppedReason,
    ...(stopCode === undefined ? {} : { stopCode }),
  };
  return outcomeOf(task, 'prefect');
}

const ours = (exitCode?: number, reason?: string): TaskContainer => ({
  name: 'prefect',
  ...(exitCode === undefined ? {} : { exitCode }),
  ...(reason === undefined ? {} : { reason }),
});
const sidecar = (exitCode?: number): TaskContainer => ({ ...ours(exitCode), name: 'proxy' });

describe('a stop code', () => {
  const kinds = {
    TaskFailedToStart: 'infrastructure',
    EssentialContainerExited: 'exited',
    UserInitiated: 'stopped',
    ServiceSchedulerInitiated: 'infrastructure',
    SpotInterruption: 'infrastructure',
    TerminationNotice: 'infrastructure',
    InfrastructureHealth: 'infrastructure',
  } as const satisfies Record<StopCode, string>;

  it.each(stopCodes)('%s decides together with nothing but the container that it asks for', (code) => {
    expect(outcome(code, [ours(0)]).kind).toBe(kinds[code]);
    expect(outcome(code, [ours(137)]).kind).toBe(kinds[code]);
  });

  it.each([
    ['UserInitiated', 'the task was stopped'],
    ['ServiceSchedulerInitiated', 'ServiceSchedulerInitiated'],
    ['SpotInterruption', 'SpotInterruption'],
    ['TerminationNotice', 'TerminationNotice'],
    ['InfrastructureHealth', 'InfrastructureHealth'],
    ['TaskFailedToStart', 'the task failed to start'],
    ['EssentialContainerExited', 'the container never ran'],
    ['SomethingNew', 'the task stopped and ECS gives no reason'],
  ])('%s without a reason still says something', (code, reason) => {
    expect(outcome(code, [ours()], '')).toMatchObject({ reason });
  });

  it('joins the reasons of task and container', () => {
    expect(outcome('SpotInterruption', [ours(143, 'killed')])).toMatchObject({ reason: 'why: killed' });
    expect(outcome('SpotInterruption', [ours(143, '')])).toMatchObject({ reason: 'why' });
  });

  it.each([undefined, 'SomethingNew'])(
    'that is unknown (%s) counts as infrastructure unless the container exited',
    (code) => {
      expect(outcome(code, [ours()])).toEqual({ kind: 'infrastructure', reason: 'why' });
      expect(outcome(code, [])).toEqual({ kind: 'infrastructure', reason: 'why' });
      expect(outcome(code, [ours(3)])).toEqual({ kind: 'exited', exitCode: 3, reason: 'why' });
    },
  );
});

describe('a task that could not start', () => {
  it.each([
    'CannotStartContainerError: exec: "flow": executable file not found in $PATH',
    'exec format error',
    'exec /run.sh: no such file or directory',
    'permission denied: unknown',
    'CannotPullContainerError: repository does not exist or may require authorization',
    'CannotPullContainerError: manifest unknown',
    'manifest for busybox:9 not found',
    'pull access denied for x',
    'invalid reference format',
    'ResourceInitializationError: unable to retrieve secret from asm',
    'ResourceInitializationError: failed: AccessDeniedException',
    'ResourceInitializationError: ResourceNotFoundException: no such log group',
  ])('never will: %s', (reason) => {
    expect(outcome('TaskFailedToStart', [ours()], reason)).toEqual({ kind: 'impossible', reason });
  });

  it.each([
    'CannotPullContainerError: context deadline exceeded',
    'ResourceInitializationError: failed to configure ENI: timed out',
    'ResourceInitializationError: unable to retrieve secret from asm: context deadline exceeded',
    'Timeout waiting for network interface provisioning to complete',
    'RESOURCE:ENI',
  ])('may start another time: %s', (reason) => {
    expect(outcome('TaskFailedToStart', [ours()], reason)).toEqual({ kind: 'infrastructure', reason });
  });

  it('is judged by the reason of its container too', () => {
    const failed = ours(undefined, 'CannotStartContainerError: exec format error');

    expect(outcome('TaskFailedToStart', [failed], 'Task failed to start').kind).toBe('impossible');
  });

  it('is explained once where task and container say the same', () => {
    const words = 'CannotStartContainerError: exec format error';

    expect(outcome('TaskFailedToStart', [ours(undefined, words)], words)).toEqual({
      kind: 'impossible',
      reason: words,
    });
  });
});

describe('the container that decides', () => {
  it.each([0, 1, 137, 255])('ends the task with its own code %i, whatever the others did', (code) => {
    expect(outcome('EssentialContainerExited', [sidecar(9), ours(code)])).toEqual({
      kind: 'exited',
      exitCode: code,
      reason: 'why',
    });
  });

  it('that never ran because another one failed ends with that failure', () => {
    expect(outcome('EssentialContainerExited', [sidecar(0), ours(), { name: 'init', exitCode: 2 }])).toEqual({
      kind: 'exited',
      exitCode: 2,
      reason: 'container init exited: why',
    });
  });

  it.each([[[ours()]], [[sidecar(0), ours()]], [[sidecar()]], [[]]])(
    'that never ran for no visible cause was lost: %j',
    (containers) => {
      expect(outcome('EssentialContainerExited', containers)).toEqual({ kind: 'infrastructure', reason: 'why' });
    },
  );
});
