// Starts the thread of the Lambdas that nobody waits for, and ends it.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { Closers } from './closers.ts';
import type { UrgentWork } from './courtesy.ts';
import type { EventSourcesOptions } from './event-sources.ts';

export type BackgroundOptions = Pick<EventSourcesOptions, 'queue' | 'database' | 'checkpointFile' | 'report'> & {
  readonly urgentWork: UrgentWork;
};

const message = z.object({
  kind: z.literal('report'),
  message: z.string(),
  facts: z.record(z.string(), z.unknown()),
});

/** How long invocations under way may take to finish when the stack stops; what is cut off is taken up at the next start. */
const closingPatienceMs = 2000;

/** `lost` settles with a sentence when the thread ends by itself. It reads `process.env` as it is now. */
export function startBackground(options: BackgroundOptions, closers: Closers): { readonly lost: Promise<string> } {
  const { queue, database, checkpointFile, urgentWork, report } = options;
  const worker = new Worker(new URL('./background-thread.ts', import.meta.url), {
    name: 'background',
    workerData: {
      queue: { endpoint: queue.endpoint, urls: { ...queue.urls } },
      database: { endpoint: database.endpoint, streamArn: database.streamArn },
      checkpointFile,
      urgentWork,
    },
  });
  const lost = Promise.withResolvers<string>();
  let isClosing = false;
  worker.on('message', (given) => {
    const told = message.parse(given);
    report(told.message, told.facts);
  });
  worker.once('error', (error) => {
    report('the background Lambdas failed', { error });
    lost.resolve(`the background Lambdas failed: ${error.message}`);
  });
  const ended = once(worker, 'exit').then(() => {
    if (!isClosing) lost.resolve('the background Lambdas ended by themselves');
  });
  closers.add(async () => {
    isClosing = true;
    worker.postMessage('close');
    const patience = setTimeout(() => {
      report('invocations under way were cut off');
      void worker.terminate();
    }, closingPatienceMs);
    await ended;
    clearTimeout(patience);
  });
  return { lost: lost.promise };
}
