// In which order and how fast booked tasks get their processes. One machine does what AWS has many for: while somebody
// waits for the stack, starting processes holds back, so that he goes first, but it never stands still.

/** Between quiet moments a task is started this often, in milliseconds: one that runs Python takes a core for longer. */
const spacingMs = 200;

export class StartOrder {
  readonly #start: (taskId: string) => void;
  readonly #quietIn: () => number;
  readonly #waiting: string[] = [];
  #lastStartAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param quietIn milliseconds until a quiet moment, 0 or less being now */
  constructor(start: (taskId: string) => void, quietIn: () => number) {
    this.#start = start;
    this.#quietIn = quietIn;
  }

  /** A task that RunTask has just booked. */
  add(taskId: string): void {
    this.#waiting.push(taskId);
    this.#timer ??= setTimeout(() => this.#look(), 0);
  }

  /** Starts nothing more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    // A task that comes alone starts at once: nobody is kept waiting by one.
    const wait = Math.min(this.#quietIn(), this.#lastStartAt + spacingMs - now);
    if (wait <= 0) {
      const next = this.#waiting.shift();
      this.#lastStartAt = now;
      if (next !== undefined) this.#start(next);
    }
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#look(), Math.max(0, wait));
  }
}
