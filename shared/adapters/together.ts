// What is asked for in one turn of the event loop goes out as one request: requests cost far more than what is in them.

type Waiting<Asked, Answer> = {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

type AnswerAll<Asked, Answer> = (asked: readonly Asked[]) => Promise<readonly Answer[]>;

/**
 * Collects calls until the current turn of the event loop ends, `atOnce` at most, and answers them all by one call of
 * `answerAll`, which answers in the order of what it was asked. If that fails, every one of them fails.
 */
export function together<Asked, Answer>(
  answerAll: AnswerAll<Asked, Answer>,
  atOnce = 100,
): (asked: Asked) => Promise<Answer> {
  let waiting: Waiting<Asked, Answer>[] = [];
  const flush = () => {
    const batch = waiting;
    waiting = [];
    void answerBatch(answerAll, batch);
  };
  return (asked) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ asked, resolve, reject });
    if (waiting.length === 1) setImmediate(flush);
    if (waiting.length === atOnce) flush();
    return promise;
  };
}

/** As {@link together}, but what is asked for while an answer is under way waits for it and goes out next. */
export function oneAfterAnother<Asked, Answer>(answerAll: AnswerAll<Asked, Answer>): (asked: Asked) => Promise<Answer> {
  let waiting: Waiting<Asked, Answer>[] = [];
  let isUnderWay = false;
  const answerAllWaiting = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await answerBatch(answerAll, batch);
    }
    isUnderWay = false;
  };
  return (asked) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ asked, resolve, reject });
    if (!isUnderWay) {
      isUnderWay = true;
      setImmediate(() => void answerAllWaiting());
    }
    return promise;
  };
}

async function answerBatch<Asked, Answer>(
  answerAll: AnswerAll<Asked, Answer>,
  batch: readonly Waiting<Asked, Answer>[],
): Promise<void> {
  try {
    const answers = await answerAll(batch.map(({ asked }) => asked));
    for (const [at, { resolve }] of batch.entries()) resolve(answers[at] as Answer);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
