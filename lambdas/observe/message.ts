// What comes through the `observe` queue: ECS Task State Change events as EventBridge sends them, and our own hints.
// Tolerant: AWS adds fields and statuses, and what no rule reads is not looked at.
import { z } from 'zod';
import type { ObserveHint, PlanHint } from '../../shared/ports/hints.ts';
import { observeHint, planHint } from '../hint-schemas.ts';

/** ECS leaves out what it does not know, or says null. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);
const count = z
  .number()
  .nullish()
  .transform((value) => value ?? undefined);

const container = z.object({ name: text, lastStatus: text, exitCode: count, reason: text });

const taskStateChange = z.object({
  'detail-type': z.literal('ECS Task State Change'),
  detail: z.object({
    taskArn: z.string(),
    clusterArn: z.string(),
    lastStatus: z.string(),
    version: z.number(),
    desiredStatus: text,
    startedBy: text,
    stopCode: text,
    stoppedReason: text,
    launchType: text,
    cpu: text,
    memory: text,
    containers: z.array(container).optional(),
    createdAt: text,
    pullStartedAt: text,
    pullStoppedAt: text,
    startedAt: text,
    stoppingAt: text,
    stoppedAt: text,
  }),
});

export type ObserveMessage = ObserveHint | PlanHint | z.output<typeof taskStateChange>;
export const observeMessage: z.ZodType<ObserveMessage> = z.union([taskStateChange, observeHint, planHint]);
