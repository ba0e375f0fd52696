// The two work pools that every local stack has: one for workers, one whose runs are launched without any.

import { z } from 'zod';
import { ecsPushTemplate } from '../shared/domain/work-pool/template-ecs-push.ts';
import { processTemplate } from '../shared/domain/work-pool/template-process.ts';
import { callApi, identified } from './api-client.ts';

const pools = [
  {
    name: 'development',
    type: 'process',
    description: 'Runs are taken by a worker: prefect worker start --pool development',
    base_job_template: processTemplate,
  },
  {
    name: 'production',
    type: 'ecs:push',
    description: 'Each run becomes an ECS task; no worker is needed.',
    base_job_template: ecsPushTemplate,
  },
] as const;

/** Creates the pools that are missing; those that are there are left as they are, whatever was changed on them. */
export async function createWorkPools(apiUrl: string): Promise<void> {
  const path = '/work_pools/filter';
  const present = await callApi({ apiUrl, path, body: {} }, z.array(z.object({ name: z.string() })));
  const missing = pools.filter((pool) => !present.some(({ name }) => name === pool.name));
  await Promise.all(missing.map((body) => callApi({ apiUrl, path: '/work_pools/', body }, identified)));
}
