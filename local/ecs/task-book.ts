// All tasks of the local ECS: in memory to be read, in the database to last.
// Rule: a change counts the version up and stores its event in the same transaction; nobody edits a task elsewhere.

import type { EcsDatabase, TokenRecord } from './database.ts';
import type { EventOutbox } from './outbox.ts';
import type { TaskRecord } from './records.ts';
import { taskStateChange } from './task-view.ts';

const hourMilliseconds = 3_600_000;
const dayMilliseconds = 24 * hourMilliseconds;

type TaskChange = Partial<Omit<TaskRecord, 'id' | 'arn' | 'version' | 'updatedAt'>>;

export class TaskBook {
  readonly #database: EcsDatabase;
  readonly #outbox: EventOutbox;
  readonly #now: () => number;
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #tokens = new Map<string, TokenRecord>();

  constructor({ database, outbox, now }: { database: EcsDatabase; outbox: EventOutbox; now: () => number }) {
    this.#database = database;
    this.#outbox = outbox;
    this.#now = now;
    for (const task of database.tasks()) this.#tasks.set(task.id, task);
    for (const token of database.tokens()) this.#tokens.set(token.token, token);
  }

  /** The task, unless it is unknown or stopped for an hour. */
  find(id: string): TaskRecord | undefined {
    const task = this.#tasks.get(id);
    return task === undefined || this.#isForgotten(task) ? undefined : task;
  }

  /** All tasks that AWS would still show, oldest first. */
  all(): TaskRecord[] {
    return [...this.#tasks.values()].filter((task) => !this.#isForgotten(task));
  }

  /**
   * The first answer given to a token. It lives for a day, or until an hour after its tasks have stopped.
   * Source: "Ensuring idempotency" in the ECS API reference.
   */
  findToken(token: string): TokenRecord | undefined {
    const record = this.#tokens.get(token);
    if (record === undefined || this.#now() - record.createdAt >= dayMilliseconds) return undefined;
    const isAlive = record.taskIds.length === 0 || record.taskIds.some((id) => this.find(id) !== undefined);
    return isAlive ? record : undefined;
  }

  /** Stores new tasks with their first events and the answer that the token replays. */
  add(tasks: readonly TaskRecord[], token: TokenRecord | undefined): void {
    const events = this.#database.transaction(() => {
      if (token !== undefined) this.#database.putToken(token);
      return tasks.map((task) => this.#store(task));
    });
    if (token !== undefined) this.#tokens.set(token.token, token);
    for (const task of tasks) this.#tasks.set(task.id, task);
    for (const event of events) this.#outbox.push(event);
  }

  /** Changes a task as AWS would see it: next version, one event. */
  change(id: string, change: TaskChange): TaskRecord {
    const task = { ...this.#known(id), ...change };
    const next = { ...task, version: task.version + 1, updatedAt: this.#now() };
    const event = this.#database.transaction(() => this.#store(next));
    this.#tasks.set(id, next);
    this.#outbox.push(event);
    return next;
  }

  /** Notes what no event tells: tags, and how the process is started. */
  note(id: string, change: Pick<TaskChange, 'tags' | 'containers'>): TaskRecord {
    const next = { ...this.#known(id), ...change };
    this.#database.putTask(next);
    this.#tasks.set(id, next);
    return next;
  }

  /** Drops what AWS has forgotten and returns those tasks. */
  forget(): TaskRecord[] {
    const forgotten = [...this.#tasks.values()].filter((task) => this.#isForgotten(task));
    const deadTokens = [...this.#tokens.keys()].filter((token) => this.findToken(token) === undefined);
    this.#database.transaction(() => {
      for (const { id } of forgotten) this.#database.dropTask(id);
      for (const token of deadTokens) this.#database.dropToken(token);
    });
    for (const { id } of forgotten) this.#tasks.delete(id);
    for (const token of deadTokens) this.#tokens.delete(token);
    return forgotten;
  }

  #isForgotten({ stoppedAt }: TaskRecord): boolean {
    return stoppedAt !== undefined && this.#now() - stoppedAt >= hourMilliseconds;
  }

  #known(id: string): TaskRecord {
    const task = this.#tasks.get(id);
    if (task === undefined) throw new Error(`expected a known task, got ${id}`);
    return task;
  }

  #store(task: TaskRecord) {
    this.#database.putTask(task);
    return this.#database.putEvent(task.id, taskStateChange(task));
  }
}
