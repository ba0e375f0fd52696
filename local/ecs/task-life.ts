// The life of a task: started, watched, stopped, adopted after a restart.
// Rule: a task is STOPPED only when no process of it is left; every step is booked before the next is taken.

import { type ContainerFiles, type ContainerKey, containerKey } from './container-files.ts';
import type { ContainerHost } from './container-host.ts';
import { keeperOrder } from './container-keeper.ts';
import { type LaunchDeps, planLaunch } from './container-launch.ts';
import { ContainerStopper } from './container-stopper.ts';
import { type ContainerRecord, type StopCode, type TaskRecord, withContainer } from './records.ts';
import type { TaskBook } from './task-book.ts';

/** Takes note of a container's output; `end` is called when nothing more will be written. */
export type LogSink = {
  follow(source: { readonly group: string; readonly stream: string; readonly file: string }): { end(): void };
};

export type TaskLifeDeps = {
  readonly book: TaskBook;
  readonly files: ContainerFiles;
  readonly host: ContainerHost;
  readonly launch: LaunchDeps;
  readonly logs: LogSink | undefined;
  readonly now: () => number;
};

type StopCause = { readonly stopCode: StopCode; readonly stoppedReason: string };

const essentialExited: StopCause = {
  stopCode: 'EssentialContainerExited',
  stoppedReason: 'Essential container in task exited',
};
const processLost: StopCause = {
  stopCode: 'InfrastructureHealth',
  stoppedReason: 'The infrastructure that ran the task failed: its process is gone and left no exit code',
};

export class TaskLife {
  readonly #deps: TaskLifeDeps;
  readonly #stopper: ContainerStopper;
  readonly #following = new Map<ContainerKey, { end(): void }>();
  readonly #ending = new Set<ContainerKey>();
  /** Tasks with a process on its way, which a stop has to wait for. */
  readonly #starting = new Set<string>();
  #isClosed = false;

  constructor(deps: TaskLifeDeps) {
    this.#deps = deps;
    this.#stopper = new ContainerStopper(deps);
  }

  /** Starts the containers of a booked task that have not started. What goes wrong becomes the task's reason. */
  async launch(taskId: string): Promise<void> {
    if (this.#isClosed) return;
    const { book, now } = this.#deps;
    const booked = book.find(taskId);
    if (booked?.lastStatus === 'PROVISIONING' && booked.desiredStatus === 'RUNNING') {
      book.change(taskId, { lastStatus: 'PENDING', pullStartedAt: now(), pullStoppedAt: now() });
    }
    for (const container of booked?.containers ?? []) {
      if (container.lastStatus !== 'PENDING' || this.#isStopped(taskId)) continue;
      const problem = await this.#start(taskId, container).catch(startProblem);
      if (this.#isClosed) return;
      if (problem !== undefined) return this.#failToStart(taskId, container.name, problem);
    }
    this.#allStarted(taskId);
  }

  /** Takes up a task that an earlier process left: watched on, ended by its exit file, or started at last. */
  adopt(task: TaskRecord): void {
    if (task.lastStatus === 'STOPPED') return;
    if (task.lastStatus === 'PROVISIONING' || task.lastStatus === 'PENDING') {
      this.#adoptLaunch(task);
      return;
    }
    for (const container of task.containers) {
      if (container.lastStatus === 'RUNNING') this.#follow(task.id, container);
    }
    if (task.desiredStatus === 'STOPPED') this.#stopper.endAll(task);
    this.look(task.id);
  }

  /** Stops a task, with AWS's words for who wanted it; one that is stopping or stopped stays as it is. */
  stop(taskId: string, cause: StopCause): TaskRecord | undefined {
    const task = this.#deps.book.find(taskId);
    if (task === undefined || task.desiredStatus === 'STOPPED') return task;
    if (task.lastStatus !== 'RUNNING') return this.#stopBeforeRunning(task, cause);
    const stopping = this.#beginStop(task, cause, { lastStatus: 'STOPPING' });
    this.#stopper.endAll(stopping);
    return stopping;
  }

  /** Looks what became of the containers of a task that runs. */
  look(taskId: string): void {
    const task = this.#deps.book.find(taskId);
    if (this.#isClosed || (task?.lastStatus !== 'RUNNING' && task?.lastStatus !== 'STOPPING')) return;
    for (const { name, lastStatus, generation } of task.containers) {
      const key = containerKey(taskId, name);
      if (lastStatus !== 'RUNNING' || this.#ending.has(key)) continue;
      const outcome = this.#deps.files.outcome(key, generation);
      if (outcome.kind === 'running') continue;
      this.#ending.add(key);
      void this.#containerEnded({ taskId, name, exitCode: outcome.kind === 'exited' ? outcome.code : undefined });
    }
  }

  /** Lets go of all tasks; they live on. */
  close(): void {
    this.#isClosed = true;
    this.#stopper.close();
    for (const followed of this.#following.values()) followed.end();
  }

  // RunTask promised a task that has no process yet, and its token replays the promise: AWS would start it, so do we.
  // Claiming the old generation for nobody proves that no earlier start can still come through.
  #adoptLaunch(task: TaskRecord): void {
    for (const container of task.containers) {
      const { name, generation, lastStatus } = container;
      if (lastStatus !== 'PENDING') continue;
      const isFree = this.#deps.files.claimForNobody(containerKey(task.id, name), generation);
      this.#note(task.id, name, isFree ? { generation: generation + 1 } : { lastStatus: 'RUNNING' });
    }
    for (const container of this.#deps.book.find(task.id)?.containers ?? []) {
      if (container.lastStatus === 'RUNNING') this.#follow(task.id, container);
    }
    void this.launch(task.id);
  }

  #stopBeforeRunning(task: TaskRecord, cause: StopCause): TaskRecord {
    const stopping = this.#beginStop(task, cause);
    const hasProcess =
      this.#starting.has(task.id) || task.containers.some(({ lastStatus }) => lastStatus === 'RUNNING');
    // With a process about, the launch ends what it has started, as soon as it knows.
    return hasProcess ? stopping : (this.#finish(task.id) ?? stopping);
  }

  async #start(taskId: string, container: ContainerRecord): Promise<string | undefined> {
    const { files, host, launch } = this.#deps;
    const { name, generation } = container;
    const key = containerKey(taskId, name);
    files.prepare(key);
    const plan = await planLaunch(launch, container.launch, files.workFolder(taskId));
    if (plan.kind === 'impossible') return plan.reason;
    if (this.#isClosed || this.#isStopped(taskId)) return undefined;
    this.#starting.add(taskId);
    const problem = await host.start(key, keeperOrder(files, { ...plan, key, generation }));
    this.#starting.delete(taskId);
    if (problem !== undefined) return `CannotStartContainerError: ${problem}`;
    if (this.#isClosed) return undefined;
    this.#note(taskId, name, { lastStatus: 'RUNNING' });
    this.#follow(taskId, container);
    return undefined;
  }

  #allStarted(taskId: string): void {
    const { book, now } = this.#deps;
    const task = book.find(taskId);
    if (task === undefined || task.lastStatus === 'STOPPED') return;
    const isAnyRunning = task.containers.some((container) => container.lastStatus === 'RUNNING');
    if (task.desiredStatus === 'RUNNING') book.change(taskId, { lastStatus: 'RUNNING', startedAt: now() });
    else if (isAnyRunning) this.#stopper.endAll(book.change(taskId, { lastStatus: 'STOPPING' }));
    else this.#finish(taskId);
    // Its end may have come before we could tell that it runs.
    this.look(taskId);
  }

  async #failToStart(taskId: string, name: string, reason: string): Promise<void> {
    const { book, host } = this.#deps;
    for (const { name: other, lastStatus } of book.find(taskId)?.containers ?? []) {
      if (lastStatus === 'RUNNING') await host.end(containerKey(taskId, other));
    }
    const task = book.find(taskId);
    if (this.#isClosed || task === undefined || task.lastStatus === 'STOPPED') return;
    const containers = withContainer(task, name, { reason });
    this.#finish(taskId, { stopCode: 'TaskFailedToStart', stoppedReason: reason, containers });
  }

  async #containerEnded(end: { taskId: string; name: string; exitCode: number | undefined }): Promise<void> {
    const { book, host, now } = this.#deps;
    const { taskId, name, exitCode } = end;
    const key = containerKey(taskId, name);
    const executionStoppedAt = now();
    await host.end(key);
    const task = book.find(taskId);
    if (this.#isClosed || task === undefined) return;
    this.#forget(key);
    const containers = withContainer(task, name, {
      lastStatus: 'STOPPED',
      ...(exitCode !== undefined && { exitCode }),
    });
    const cause = exitCode === undefined ? processLost : essentialExited;
    if (containers.every((container) => container.lastStatus === 'STOPPED')) {
      this.#finish(taskId, { ...cause, containers, executionStoppedAt });
      return;
    }
    const isEssential = containers.some((container) => container.name === name && container.essential);
    if (task.desiredStatus === 'STOPPED' || !isEssential) book.change(taskId, { containers });
    else this.#stopper.endAll(this.#beginStop(task, cause, { containers, executionStoppedAt, lastStatus: 'STOPPING' }));
  }

  #beginStop(task: TaskRecord, cause: StopCause, change: Partial<TaskRecord> = {}): TaskRecord {
    const stoppingAt = this.#deps.now();
    return this.#deps.book.change(task.id, { ...change, ...cause, desiredStatus: 'STOPPED', stoppingAt });
  }

  /** Books the end: no process of the task is left. Whoever began to stop it has named the cause. */
  #finish(taskId: string, end: Partial<TaskRecord> = {}): TaskRecord | undefined {
    const { book, now } = this.#deps;
    const task = book.find(taskId);
    if (task === undefined) return undefined;
    for (const { name } of task.containers) this.#forget(containerKey(taskId, name));
    const { stopCode, stoppedReason, stoppingAt = now() } = task;
    const containers = end.containers ?? task.containers;
    return book.change(taskId, {
      executionStoppedAt: now(),
      ...end,
      ...(stopCode !== undefined && { stopCode, stoppedReason }),
      lastStatus: 'STOPPED',
      desiredStatus: 'STOPPED',
      stoppingAt,
      stoppedAt: now(),
      containers: containers.map((container) => ({ ...container, lastStatus: 'STOPPED' as const })),
    });
  }

  #forget(key: ContainerKey): void {
    this.#stopper.ended(key);
    this.#following.get(key)?.end();
    this.#following.delete(key);
    this.#ending.delete(key);
  }

  #follow(taskId: string, { name, launch }: ContainerRecord): void {
    const key = containerKey(taskId, name);
    if (launch.log === undefined || this.#deps.logs === undefined || this.#following.has(key)) return;
    this.#following.set(key, this.#deps.logs.follow({ ...launch.log, file: this.#deps.files.outputFile(key) }));
  }

  #note(taskId: string, name: string, change: Partial<ContainerRecord>): void {
    const task = this.#deps.book.find(taskId);
    if (task !== undefined) this.#deps.book.note(taskId, { containers: withContainer(task, name, change) });
  }

  #isStopped(taskId: string): boolean {
    return this.#deps.book.find(taskId)?.desiredStatus !== 'RUNNING';
  }
}

function startProblem(error: unknown): string {
  return `CannotStartContainerError: ${error instanceof Error ? error.message : String(error)}`;
}
