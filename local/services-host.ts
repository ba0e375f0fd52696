// Starts the thread of the local AWS services and speaks with it.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { Closers } from './closers.ts';
import type { UrgentWork } from './courtesy.ts';
import type { LocalQueue } from './queue.ts';
import type { Report } from './report.ts';
import { StartError } from './start-error.ts';

export type ServicesHostOptions = {
  readonly dataDir: string;
  /** Folders that come first on the PATH of tasks. */
  readonly searchPath: readonly string[];
  readonly queue: Pick<LocalQueue, 'endpoint' | 'urls'>;
  /** What starting tasks holds back for. */
  readonly urgentWork: UrgentWork;
  readonly report: Report;
  /** Hears of each RunTask: whose it is and when it arrived, epoch milliseconds. */
  readonly onRunTask?: ((startedBy: string, at: number) => void) | undefined;
};

export type Services = {
  readonly url: string;
  /** Takes up the tasks and events that an earlier program left. */
  adopt(): Promise<void>;
  /** Settles with a sentence when the thread ends by itself. */
  readonly lost: Promise<string>;
};

const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), url: z.string() }),
  z.object({ kind: z.literal('adopted') }),
  z.object({ kind: z.literal('launch'), startedBy: z.string(), at: z.number() }),
  z.object({ kind: z.literal('report'), message: z.string(), error: z.string() }),
]);

/** How long the services may take to hand over what is under way. */
const closingPatienceMs = 5000;

/** @throws StartError when the thread does not come up */
export async function startServicesThread(options: ServicesHostOptions, closers: Closers): Promise<Services> {
  const { dataDir, searchPath, queue, urgentWork, report, onRunTask } = options;
  const worker = new Worker(new URL('./services-thread.ts', import.meta.url), {
    name: 'services',
    workerData: {
      dataDir,
      searchPath: [...searchPath],
      queue: { endpoint: queue.endpoint, urls: { ...queue.urls } },
      urgentWork,
      tellsLaunches: onRunTask !== undefined,
    },
  });
  const ready = Promise.withResolvers<string>();
  const adopted = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<string>();
  let isClosing = false;
  worker.on('message', (given) => {
    const told = message.parse(given);
    switch (told.kind) {
      case 'ready':
        return ready.resolve(told.url);
      case 'adopted':
        return adopted.resolve();
      case 'launch':
        return onRunTask?.(told.startedBy, told.at);
      case 'report':
        return report(told.message, { error: told.error });
    }
  });
  worker.once('error', (error) => {
    report('the services failed', { error });
    ready.reject(new StartError(`the services did not start: ${error.message}`, { cause: error }));
    adopted.reject(error);
    lost.resolve(`the services failed: ${error.message}`);
  });
  const ended = once(worker, 'exit').then(() => {
    if (!isClosing) lost.resolve('the services ended by themselves');
  });
  closers.add(async () => {
    isClosing = true;
    worker.postMessage('close');
    const patience = setTimeout(() => void worker.terminate(), closingPatienceMs);
    await ended;
    clearTimeout(patience);
  });
  const url = await ready.promise;
  const adopt = () => {
    worker.postMessage('adopt');
    return adopted.promise;
  };
  return { url, adopt, lost: lost.promise };
}
