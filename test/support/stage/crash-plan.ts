// Kills a program at one of its AWS calls: before it is made, or after it took effect and before its answer is seen.
// From then on the dead program's further calls fail too, until its invocation is over.

import { setImmediate as nextTurn } from 'node:timers/promises';

export class Crash extends Error {
  constructor(point: string) {
    super(`crashed at ${point}`);
    this.name = 'Crash';
  }
}

export type CrashPoint = { readonly call: number; readonly when: 'before' | 'after' };

export type CrashPlan = {
  /** Counts calls from here on: what came before was the setting of the scene. */
  begin(): void;
  /** Wraps one AWS call of the program. */
  call<T>(name: string, make: () => Promise<T>): Promise<T>;
  /** Waits until the dead program's last calls are over, and lets the next one live. */
  bury(): Promise<void>;
  readonly calls: readonly string[];
  readonly hasCrashed: boolean;
};

export function crashPlan(point?: CrashPoint): CrashPlan {
  const calls: string[] = [];
  const underWay = new Set<Promise<unknown>>();
  let hasBegun = false;
  let isDead = false;
  let hasCrashed = false;

  const die = (name: string): never => {
    isDead = true;
    hasCrashed = true;
    throw new Crash(name);
  };

  const make = async <T>(name: string, send: () => Promise<T>): Promise<T> => {
    if (!hasBegun) return send();
    if (isDead) throw new Crash(name);
    const number = calls.push(name) - 1;
    const isHere = point?.call === number && !hasCrashed;
    if (isHere && point.when === 'before') die(`${number} before ${name}`);
    const answer = await send();
    if (isHere) die(`${number} after ${name}`);
    if (isDead) throw new Crash(name);
    return answer;
  };

  return {
    begin: () => {
      hasBegun = true;
    },
    calls,
    get hasCrashed() {
      return hasCrashed;
    },
    call: (name, send) => {
      const promise = make(name, send);
      underWay.add(promise);
      const forget = () => underWay.delete(promise);
      promise.then(forget, forget);
      return promise;
    },
    async bury() {
      do {
        await Promise.allSettled([...underWay]);
        // Reads of one turn of the event loop go out together, at its end: the dead program's last ones are on their way.
        await nextTurn();
      } while (underWay.size > 0);
      isDead = false;
    },
  };
}
