// What happened outside the tables, for the checker and for the timeline of a seed that failed.
import type { StateType } from '../../../shared/domain/run/state.ts';

/** A word of a container, under the transition id that it was sent with. */
export type Word = {
  readonly runId: string;
  readonly attempt: number;
  readonly type: StateType;
  readonly isForced: boolean;
  readonly at: number;
};

export type Told = {
  readonly runId: string;
  readonly who: string;
  readonly status: string;
  readonly stateId: string | undefined;
  readonly type: StateType | undefined;
  readonly asked: StateType;
  readonly at: number;
};

/** From the answer to a freeze until somebody asked to thaw. */
export type Freeze = { readonly from: number; until?: number };

export type Diary = {
  /** Runs that the API said are recorded, by their keys. */
  readonly accepted: Map<string, Set<string>>;
  /** Transition ids that somebody forced. */
  readonly forced: Set<string>;
  readonly deleted: Set<string>;
  isScheduleOver: boolean;
  readonly words: Map<string, Word>;
  /** Answers to proposed states. */
  readonly told: Told[];
  /** Ids of states that the bus was told of. */
  readonly published: Set<string>;
  /** Errors that no plan asked for. */
  readonly surprises: string[];
  /** RunTask calls, when they left their program. */
  readonly launches: { readonly at: number; readonly startedBy: string }[];
  readonly freezes: Freeze[];
  /** When the table was set back, and to what time. */
  readonly restores: { readonly at: number; readonly to: number }[];
  readonly stops: { readonly at: number; readonly arn: string }[];
  note(text: string): void;
  readonly lines: readonly { readonly at: number; readonly text: string }[];
};

export function createDiary(now: () => number): Diary {
  const lines: { at: number; text: string }[] = [];
  return {
    accepted: new Map(),
    forced: new Set(),
    deleted: new Set(),
    isScheduleOver: false,
    words: new Map(),
    told: [],
    published: new Set(),
    surprises: [],
    launches: [],
    freezes: [],
    restores: [],
    stops: [],
    lines,
    note: (text) => void lines.push({ at: now(), text }),
  };
}
