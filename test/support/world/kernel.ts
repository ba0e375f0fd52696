// One world, one agenda: nothing happens but by it, one thing after the other, so that a seed is all it takes to see a
// world again. Whoever waits for an answer waits on the agenda too.

export type Kernel = {
  /** Virtual epoch milliseconds. */
  now(): number;
  /** Never earlier than now; what is due together happens in the order in which it was asked for. */
  at(time: number, act: () => void | Promise<void>): void;
  sleep(milliseconds: number): Promise<void>;
  /** Time passes at once; what would have been due meanwhile is late. */
  skip(milliseconds: number): void;
  /** Lets happen what is due until a time, or until the condition holds. */
  run(until: number, isDone?: () => boolean): Promise<void>;
};

type Entry = { readonly time: number; readonly order: number; readonly act: () => void | Promise<void> };

export function createKernel(start: number): Kernel {
  const heap: Entry[] = [];
  let time = start;
  let order = 0;
  const at: Kernel['at'] = (wanted, act) => {
    order += 1;
    push(heap, { time: Math.max(wanted, time), order, act });
  };
  return {
    now: () => time,
    at,
    skip: (milliseconds) => {
      time += milliseconds;
    },
    sleep: (milliseconds) => new Promise((resolve) => at(time + milliseconds, resolve)),
    async run(until, isDone = () => false) {
      while (!isDone()) {
        const [next] = heap;
        if (next === undefined || next.time > until) break;
        pop(heap);
        time = Math.max(time, next.time);
        await next.act();
        await settled();
      }
      if (!isDone()) time = Math.max(time, until);
    },
  };
}

/** All that can go on has gone on. Stores collect what is asked for in one turn of the event loop, and a turn is dear. */
async function settled(): Promise<void> {
  await promisesSettled();
  while (process.getActiveResourcesInfo().includes('Immediate')) {
    await turn();
    await promisesSettled();
  }
}

/** Promises settle before the next tick does. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const isBefore = (one: Entry, other: Entry) =>
  one.time < other.time || (one.time === other.time && one.order < other.order);

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!swapIfBefore(heap, at, parent)) return;
    at = parent;
  }
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  for (let at = 0; ; ) {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    const smaller = right < heap.length && isEarlier(heap, right, left) ? right : left;
    if (smaller >= heap.length || !swapIfBefore(heap, smaller, at)) return;
    at = smaller;
  }
}

function isEarlier(heap: readonly Entry[], one: number, other: number): boolean {
  const [left, right] = [heap[one], heap[other]];
  return left !== undefined && right !== undefined && isBefore(left, right);
}

function swapIfBefore(heap: Entry[], one: number, other: number): boolean {
  const [left, right] = [heap[one], heap[other]];
  if (left === undefined || right === undefined || !isBefore(left, right)) return false;
  heap[one] = right;
  heap[other] = left;
  return true;
}
