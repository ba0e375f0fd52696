// A program with a local ECS in it, for tests that kill it: `node local-ecs-program.ts DATA`.
// It prints its URL and appends events to DATA/events.jsonl, unless there is a file DATA/away.
// With a file DATA/die-before-start it kills itself when a task asks for a secret, that is before its process.

import { appendFileSync, existsSync } from 'node:fs';
import { startAwsEndpoint } from '../../local/aws-endpoint.ts';
import { createLocalEcs } from '../../local/ecs/local-ecs.ts';
import { createLocalLogs } from '../../local/logs.ts';

const dataDir = process.argv[2] ?? '';
const logs = createLocalLogs({ dataDir, clock: Date });
const ecs = createLocalEcs({
  dataDir,
  clock: Date,
  searchPath: [],
  logs,
  emit: async (event) => {
    if (existsSync(`${dataDir}/away`)) throw new Error('the queue is away');
    appendFileSync(`${dataDir}/events.jsonl`, `${JSON.stringify(event)}\n`);
  },
  secret: async () => {
    if (existsSync(`${dataDir}/die-before-start`)) process.kill(process.pid, 'SIGKILL');
    return 'a secret';
  },
});
const endpoint = await startAwsEndpoint({ port: 0, services: { ecs: ecs.service, logs: logs.service } });
await ecs.adopt();
process.stdout.write(`${endpoint.url}\n`);

process.once('SIGTERM', async () => {
  await endpoint.close();
  await ecs.close();
  await logs.close();
});
