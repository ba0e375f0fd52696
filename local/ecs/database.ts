// The state of the local ECS on disk (SQLite): what a reply or an event says is here before it leaves.
// Rule: a task, its token and its event are written in one transaction, so `kill -9` never tears them apart.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { readDefinition, readTask, type TaskDefinitionRecord, type TaskRecord } from './records.ts';
import type { EcsTaskEvent } from './task-view.ts';

/** The first answer to a client token, kept to be replayed. */
export type TokenRecord = {
  readonly token: string;
  readonly request: string;
  readonly response: string;
  readonly taskIds: readonly string[];
  readonly createdAt: number;
};

/** An event that its listener has not taken yet; `order` only grows. */
export type StoredEvent = { readonly order: number; readonly taskId: string; readonly event: EcsTaskEvent };

const schema = `
  CREATE TABLE IF NOT EXISTS definitions (family TEXT, revision INTEGER, json TEXT, PRIMARY KEY (family, revision));
  CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, json TEXT);
  CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, request TEXT, response TEXT, task_ids TEXT, created_at INTEGER);
  CREATE TABLE IF NOT EXISTS events (position INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT, event TEXT);
`;

const jsonRow = z.object({ json: z.string() });
const eventRow = z.object({ order: z.number(), task_id: z.string(), event: z.string() });
const tokenRow = z.object({
  token: z.string(),
  request: z.string(),
  response: z.string(),
  task_ids: z.string(),
  created_at: z.number(),
});

export class EcsDatabase {
  readonly #database: DatabaseSync;
  readonly #putTask: StatementSync;
  readonly #putEvent: StatementSync;
  readonly #dropEvent: StatementSync;
  readonly #putToken: StatementSync;
  #taken: number[] = [];

  constructor(file: string) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.#database = new DatabaseSync(file);
    // In WAL mode a killed process loses nothing; only a machine that loses power may lose the last moments.
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
    this.#database.exec(schema);
    this.#putTask = this.#database.prepare('INSERT OR REPLACE INTO tasks (id, json) VALUES (?, ?)');
    this.#putEvent = this.#database.prepare('INSERT INTO events (task_id, event) VALUES (?, ?)');
    this.#dropEvent = this.#database.prepare('DELETE FROM events WHERE position = ?');
    this.#putToken = this.#database.prepare('INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)');
  }

  transaction<Value>(work: () => Value): Value {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      for (const order of this.#taken) this.#dropEvent.run(order);
      this.#database.exec('COMMIT');
      this.#taken = [];
      return value;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  tasks(): TaskRecord[] {
    const rows = this.#database.prepare('SELECT json FROM tasks').all();
    return rows.map((row) => readTask(jsonRow.parse(row).json));
  }

  putTask(task: TaskRecord): void {
    this.#putTask.run(task.id, JSON.stringify(task));
  }

  dropTask(id: string): void {
    this.#database.prepare('DELETE FROM tasks WHERE id = ?').run(id);
  }

  definitions(): TaskDefinitionRecord[] {
    const rows = this.#database.prepare('SELECT json FROM definitions ORDER BY family, revision').all();
    return rows.map((row) => readDefinition(jsonRow.parse(row).json));
  }

  putDefinition(definition: TaskDefinitionRecord): void {
    const statement = this.#database.prepare('INSERT OR REPLACE INTO definitions VALUES (?, ?, ?)');
    statement.run(definition.family, definition.revision, JSON.stringify(definition));
  }

  tokens(): TokenRecord[] {
    const rows = this.#database.prepare('SELECT * FROM tokens').all();
    return rows.map((row) => {
      const { task_ids, created_at, ...rest } = tokenRow.parse(row);
      return { ...rest, taskIds: z.array(z.string()).parse(JSON.parse(task_ids)), createdAt: created_at };
    });
  }

  putToken({ token, request, response, taskIds, createdAt }: TokenRecord): void {
    this.#putToken.run(token, request, response, JSON.stringify(taskIds), createdAt);
  }

  dropToken(token: string): void {
    this.#database.prepare('DELETE FROM tokens WHERE token = ?').run(token);
  }

  events(): StoredEvent[] {
    const rows = this.#database.prepare('SELECT position AS "order", task_id, event FROM events ORDER BY position');
    return rows.all().map((row) => {
      const { order, task_id, event } = eventRow.parse(row);
      return { order, taskId: task_id, event: JSON.parse(event) };
    });
  }

  putEvent(taskId: string, event: EcsTaskEvent): StoredEvent {
    const { lastInsertRowid } = this.#putEvent.run(taskId, JSON.stringify(event));
    return { order: Number(lastInsertRowid), taskId, event };
  }

  /** Forgets a taken event with the next transaction: one that is forgotten late is at worst told again. */
  dropEvent(order: number): void {
    this.#taken.push(order);
  }

  close(): void {
    this.transaction(() => undefined);
    this.#database.close();
  }
}
