// The shape of a route as data, and the type that its handlers must have.
// A handlers object that lacks a key of its table, or has one more, does not compile.
import type { z } from 'zod';
import type { ApiErrorCode } from './errors.ts';

export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof methods)[number];

/** All paths are relative to it. */
export const basePath = '/api';

export type Route = {
  readonly method: Method;
  /** `{name}` takes one segment; `{name+}`, at the end only, takes the rest, slashes included. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly status: 200 | 201 | 202 | 204;
  /** Given when the handler says that it made something new: it then answers `{ isNew, value }`. */
  readonly newStatus?: 201;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Absent: nothing is answered (204), or `null`. */
  readonly response?: z.ZodType;
  /** Given when the answer is plain text: the handler's string as it is, not JSON. */
  readonly mediaType?: 'text/plain; charset=utf-8' | 'text/csv; charset=utf-8';
  /** Given when the text is saved as a file: the handler then answers `{ text, fileName }`. */
  readonly isFile?: true;
  readonly errors: readonly ApiErrorCode[];
};

export type Routes = { readonly [name: string]: Route };

/** Keys are Prefect's route function names, unique within a file. */
export function defineRoutes<const Table extends Routes>(routes: Table): Table {
  return routes;
}

/** The attempt that a container says it is (header pair `X-Slipway-Run`, `X-Slipway-Attempt`). */
export type Caller = { readonly runId: string; readonly attempt: number };

/** Which Prefect calls: the version that the client's `User-Agent` names, where it names one. */
export type Client = {
  readonly version?: string;
  /** Whoever sends one (`Idempotency-Key`) may repeat a request whose answer he lost. */
  readonly idempotencyKey?: string;
};

export type RequestOf<R extends Route> = {
  readonly params: R extends { params: infer Schema extends z.ZodType } ? z.output<Schema> : undefined;
  readonly query: R extends { query: infer Schema extends z.ZodType } ? z.output<Schema> : undefined;
  readonly body: R extends { body: infer Schema extends z.ZodType } ? z.output<Schema> : undefined;
  readonly caller: Caller | undefined;
  readonly client: Client;
  /** The body as it was sent, for what JSON.parse does not tell: 1.0 from 1. */
  readonly text: () => string;
  /** The API's own address, as this caller reached it. */
  readonly baseUrl: string;
};

type Value<R extends Route> = R extends { response: infer Schema extends z.ZodType } ? z.input<Schema> : undefined;

export type AnswerOf<R extends Route> = R extends { newStatus: number }
  ? { readonly isNew: boolean; readonly value: Value<R> }
  : Value<R>;

type HandlerOf<R extends Route, Deps> = R extends { response: z.ZodType }
  ? (request: RequestOf<R>, deps: Deps) => Promise<AnswerOf<R>>
  : (request: RequestOf<R>, deps: Deps) => Promise<void>;

export type Handlers<Table extends Routes, Deps> = {
  readonly [Name in keyof Table]: HandlerOf<Table[Name], Deps>;
};
