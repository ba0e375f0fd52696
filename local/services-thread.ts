// The thread of the services that stand in for AWS: they have work of their own and must not wait for the Lambdas.
// Rule: it does what its parent asks by message, and nothing after `close`.

import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { queueNames } from '../shared/config/resources.ts';
import { collectClosers } from './closers.ts';
import { startServices } from './services.ts';

const options = z
  .object({
    dataDir: z.string(),
    searchPath: z.array(z.string()),
    queue: z.object({ endpoint: z.string(), urls: z.record(z.enum(queueNames), z.string()) }),
    urgentWork: z.instanceof(SharedArrayBuffer),
    tellsLaunches: z.boolean(),
  })
  .parse(workerData);

const now = () => performance.timeOrigin + performance.now();

const closers = collectClosers((message, facts) =>
  parentPort?.postMessage({ kind: 'report', message, error: String(facts?.['error']) }),
);

try {
  const services = await startServices(
    {
      ...options,
      ...(options.tellsLaunches
        ? { onRunTask: (startedBy: string) => parentPort?.postMessage({ kind: 'launch', startedBy, at: now() }) }
        : {}),
    },
    closers,
  );
  parentPort?.on('message', (message) => void obey(message, services.adopt));
  parentPort?.postMessage({ kind: 'ready', url: services.url });
} catch (error) {
  await closers.closeAll();
  throw error;
}

async function obey(message: unknown, adopt: () => Promise<void>): Promise<void> {
  if (message === 'adopt') {
    await adopt();
    parentPort?.postMessage({ kind: 'adopted' });
    return;
  }
  await closers.closeAll();
  parentPort?.close();
}
