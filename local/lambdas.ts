// Loads Lambdas of the stack into this thread, as cdk deploys them: the handler that each entry.ts exports.

import { z } from 'zod';
import { type StepName, lambdas as settings, stepNames } from '../shared/config/resources.ts';
import { createLambda, type Lambda, type LambdaHandler } from './lambda.ts';

const entry = z.object({
  handler: z.custom<LambdaHandler>((value) => typeof value === 'function', 'wanted a function'),
});

const entries = {
  api: () => import('../lambdas/api/entry.ts'),
  trigger: () => import('../lambdas/trigger/entry.ts'),
  submit: () => import('../lambdas/submit/entry.ts'),
  observe: () => import('../lambdas/observe/entry.ts'),
  clock: () => import('../lambdas/clock/entry.ts'),
  publish: () => import('../lambdas/publish/entry.ts'),
  events: () => import('../lambdas/events/entry.ts'),
  socket: () => import('../lambdas/socket/entry.ts'),
  act: () => import('../lambdas/act/entry.ts'),
} as const satisfies Record<StepName, () => Promise<object>>;

/** Somebody waits for these: they share the main thread with the gateway. */
export const foregroundSteps = ['api', 'socket', 'trigger', 'submit'] as const satisfies readonly StepName[];

/** All others have a thread of their own, as on AWS they have machines of their own. */
export const backgroundSteps: readonly StepName[] = stepNames.filter(
  (step) => !foregroundSteps.some((foreground) => foreground === step),
);

export type Lambdas<Step extends StepName> = Readonly<Record<Step, Lambda>>;

/** Each reads `process.env` while it is loaded, so that must be ready before, and there is one stack a process. */
export async function loadLambdas<Step extends StepName>(steps: readonly Step[]): Promise<Lambdas<Step>> {
  const loaded = await Promise.all(
    steps.map(async (name) => {
      const { handler } = entry.parse({ ...(await entries[name]()) });
      return [name, createLambda({ name, handler, ...settings[name] })] as const;
    }),
  );
  return Object.fromEntries(loaded) as Record<Step, Lambda>;
}
