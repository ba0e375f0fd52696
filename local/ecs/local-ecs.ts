// The local ECS: AWS's calls and events, with processes of this machine in the place of containers.
// Rule: it forgets nothing when it is killed; whoever opens the same folder next adopts its tasks.

import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import type { AwsService } from '../aws-endpoint.ts';
import { ContainerFiles } from './container-files.ts';
import { ContainerHost } from './container-host.ts';
import { EcsDatabase } from './database.ts';
import { invalidParameter, parseInput, type RunTaskInput, stopTaskInput } from './input.ts';
import { taskIdOf } from './names.ts';
import { EventOutbox } from './outbox.ts';
import { checkCluster, type RunTaskRefusal, runTask } from './run-task.ts';
import { StartOrder } from './start-order.ts';
import { TaskBook } from './task-book.ts';
import { TaskDefinitions } from './task-definitions.ts';
import { type LogSink, TaskLife } from './task-life.ts';
import { taskQueries } from './task-queries.ts';
import { type EcsTaskEvent, taskReply } from './task-view.ts';

export type LocalEcsOptions = {
  /** Holds `ecs.db`, `tasks/` and `exits/`; one process at a time. */
  readonly dataDir: string;
  /** Epoch milliseconds: what replies and events say, and when tasks and tokens are forgotten. */
  readonly clock: { now(): number };
  /** Takes an event, at least once and in order for each task; a rejection means "later". */
  readonly emit: (event: EcsTaskEvent) => Promise<void>;
  /** Folders that come first on the PATH of tasks. */
  readonly searchPath: readonly string[];
  /** The value behind a `valueFrom` of a container's secrets, JSON members apart. */
  readonly secret: (arn: string) => Promise<string | undefined>;
  /** Where the output of containers with the awslogs driver is told; without it, output is only kept in files. */
  readonly logs?: LogSink;
  /** @default slipway */
  readonly clusterName?: string;
  /** Milliseconds until nobody waits for the program: starting tasks holds back till then. @default nobody ever waits */
  readonly quietIn?: () => number;
  /** Refuses a valid RunTask: for tests of throttling and missing capacity. */
  readonly refuse?: (input: RunTaskInput) => RunTaskRefusal | undefined;
  /** Whose PATH, HOME, TMPDIR and LANG tasks see. @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
};

export type LocalEcs = {
  /** For the signing name `ecs`. */
  readonly service: AwsService;
  /** Takes up tasks and events that an earlier process left; call it once, before or after serving begins. */
  adopt(): Promise<void>;
  /** Stops serving; tasks live on. */
  close(): Promise<void>;
};

// A net below the watch and the host's word, for tasks whose keeper was killed while nobody was its parent.
const lookEveryMilliseconds = 2_000;
const forgetEveryMilliseconds = 60_000;

export function createLocalEcs(options: LocalEcsOptions): LocalEcs {
  const now = () => options.clock.now();
  const clusterName = options.clusterName ?? 'slipway';
  const database = new EcsDatabase(path.resolve(options.dataDir, 'ecs.db'));
  const files = new ContainerFiles(options.dataDir);
  const outbox = new EventOutbox(database, options.emit);
  const book = new TaskBook({ database, outbox, now });
  const definitions = new TaskDefinitions(database, now);
  const host = new ContainerHost((key) => life.look(taskIdOfKey(key)));
  const launch = { ...options, environment: options.environment ?? process.env };
  const life = new TaskLife({ book, files, host, launch, logs: options.logs, now });
  const queries = taskQueries({ clusterName, book, definitions });
  const starts = new StartOrder((taskId) => void life.launch(taskId), options.quietIn ?? (() => 0));
  const runDeps = {
    clusterName,
    now,
    book,
    definitions,
    refuse: options.refuse ?? (() => undefined),
    // After the reply: whoever called does not wait for the start.
    launch: (taskId: string) => starts.add(taskId),
  };

  const service: AwsService = async (operation, input) => {
    if (operation === 'RunTask') return runTask(runDeps, input);
    if (operation === 'StopTask') return stopTask({ clusterName, life }, input);
    return operation.includes('TaskDefinition') ? definitions.service(operation, input) : queries(operation, input);
  };
  const watches = startWatches({ book, files, life });
  const adopt = async () => {
    outbox.resume();
    for (const task of book.all()) life.adopt(task);
  };
  const close = async () => {
    watches.close();
    starts.close();
    life.close();
    await host.close();
    await outbox.close();
    database.close();
  };
  return { service, adopt, close };
}

function taskIdOfKey(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

function stopTask({ clusterName, life }: { clusterName: string; life: TaskLife }, input: unknown): unknown {
  const { cluster, task: name, reason } = parseInput(stopTaskInput, input);
  checkCluster(cluster, clusterName);
  if (reason !== undefined && reason.length > 1024) throw invalidParameter('reason can be up to 1024 characters.');
  const stoppedReason = reason ?? 'Task stopped by user';
  const task = life.stop(taskIdOf(name), { stopCode: 'UserInitiated', stoppedReason });
  if (task === undefined) throw invalidParameter('The referenced task was not found.');
  return { task: taskReply(task, { tags: true }) };
}

type Watched = { readonly book: TaskBook; readonly files: ContainerFiles; readonly life: TaskLife };

/** Sees ends at once by the folder of exit files, and slowly by looking at every task. */
function startWatches({ book, files, life }: Watched): { close(): void } {
  const watcher = watchExits(files, life);
  const look = setInterval(() => {
    for (const task of book.all()) life.look(task.id);
  }, lookEveryMilliseconds);
  const forget = setInterval(() => {
    for (const { id, containers } of book.forget()) {
      const names = containers.map((container) => container.name);
      // A folder that cannot be removed is only litter.
      files.remove(id, names).catch(() => undefined);
    }
  }, forgetEveryMilliseconds);
  const close = () => {
    watcher?.close();
    clearInterval(look);
    clearInterval(forget);
  };
  return { close };
}

function watchExits(files: ContainerFiles, life: TaskLife): FSWatcher | undefined {
  try {
    const watcher = watch(files.exitFolder, (_, name) => {
      if (name !== null) life.look(taskIdOfKey(ContainerFiles.keyOfExitFile(name)));
    });
    // Without a watch (a machine may run out of them) the slow look still sees every end.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
