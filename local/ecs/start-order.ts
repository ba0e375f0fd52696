// In which order and how fast booked tasks get their processes. One machine does what AWS has many for: while RunTask
// calls come in, starting processes holds back, so that who waits for an answer goes first, but it never stands still.

/** No RunTask for this long, in milliseconds, is a quiet moment. */
const quietMs = 15;
/** While calls come, a task is started this often, in milliseconds: 20 a second, as Fargate grants an account. */
const spacingMs = 50;

export class StartOrder {
  readonly #start: (taskId: string) => void;
  readonly #waiting: string[] = [];
  #lastCallAt = Number.NEGATIVE_INFINITY;
  #lastStartAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(start: (taskId: string) => void) {
    this.#start = start;
  }

  /** A task that RunTask has just booked. */
  add(taskId: string): void {
    this.#waiting.push(taskId);
    this.#lastCallAt = performance.now();
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
    // A first call after a quiet time is alone: nobody is kept waiting by its start.
    const wait = Math.min(this.#lastCallAt + quietMs, this.#lastStartAt + spacingMs) - now;
    if (wait <= 0) {
      const next = this.#waiting.shift();
      this.#lastStartAt = now;
      if (next !== undefined) this.#start(next);
    }
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#look(), Math.max(0, wait));
  }
}
