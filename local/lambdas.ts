// Loads the Lambdas of the stack into this process, as cdk deploys them: the handler that each entry.ts exports.

import { z } from 'zod';
import { type StepName, lambdas as settings } from '../shared/config/resources.ts';
import { createLambda, type Lambda, type LambdaHandler } from './lambda.ts';

const entry = z.object({
  handler: z.custom<LambdaHandler>((value) => typeof value === 'function', 'wanted a function'),
});

/** Each reads `process.env` while it is loaded, so that must be ready before, and there is one stack a process. */
export async function loadLambdas(): Promise<Readonly<Record<StepName, Lambda>>> {
  const [api, trigger, submit, observe, clock, publish] = await Promise.all([
    load('api', import('../lambdas/api/entry.ts')),
    load('trigger', import('../lambdas/trigger/entry.ts')),
    load('submit', import('../lambdas/submit/entry.ts')),
    load('observe', import('../lambdas/observe/entry.ts')),
    load('clock', import('../lambdas/clock/entry.ts')),
    load('publish', import('../lambdas/publish/entry.ts')),
  ]);
  return { api, trigger, submit, observe, clock, publish };
}

async function load(name: StepName, module: Promise<object>): Promise<Lambda> {
  const { handler } = entry.parse({ ...(await module) });
  return createLambda({ name, handler, ...settings[name] });
}
