// The thread of the Lambdas that nobody waits for: observe, publish, clock and what else runs behind a queue.
// Rule: it starts its sources at once, and stops them when its parent says so.

import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { queueNames } from '../shared/config/resources.ts';
import { createTurn } from './courtesy.ts';
import { startEventSources } from './event-sources.ts';
import { backgroundSteps, loadLambdas } from './lambdas.ts';
import type { Report } from './report.ts';
import { startScheduler } from './scheduler.ts';

const options = z
  .object({
    queue: z.object({ endpoint: z.string(), urls: z.record(z.enum(queueNames), z.string()) }),
    database: z.object({ endpoint: z.string(), streamArn: z.string() }),
    checkpointFile: z.string(),
    urgentWork: z.instanceof(SharedArrayBuffer),
  })
  .parse(workerData);

const report: Report = (message, { error, ...facts } = {}) =>
  parentPort?.postMessage({
    kind: 'report',
    message,
    facts: {
      ...facts,
      ...(error === undefined ? {} : { error: error instanceof Error ? error.stack : String(error) }),
    },
  });

const lambdas = await loadLambdas(backgroundSteps);
const sources = startEventSources({ ...options, lambdas, turn: createTurn(options.urgentWork), report });
const scheduler = startScheduler({ clock: lambdas.clock, report });
parentPort?.once('message', async () => {
  await Promise.all([sources.close(), scheduler.close()]);
  parentPort?.close();
});
