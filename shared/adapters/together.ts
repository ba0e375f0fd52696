// What is asked for in one turn of the event loop goes out as one request: requests cost far more than what is in them.

type Waiting<Asked, Answer> = {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Collects calls until the current turn of the event loop ends, `atOnce` at most, and answers them all by one call of
 * `answerAll`, which answers in the order of what it was asked. If that fails, every one of them fails.
 */
export function together<Asked, Answer>(
  answerAll: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
  atOnce = 100,
): (asked: Asked) => Promise<Answer> {
  let waiting: Waiting<Asked, Answer>[] = [];
  const flush = async () => {
    // A full batch has gone out before its turn ended.
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    try {
      const answers = await answerAll(batch.map(({ asked }) => asked));
      for (const [at, { resolve }] of batch.entries()) resolve(answers[at] as Answer);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  return (asked) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ asked, resolve, reject });
    if (waiting.length === 1) setImmediate(() => void flush());
    if (waiting.length === atOnce) void flush();
    return promise;
  };
}
