// What comes through the `observe` queue: ECS Task State Change events as EventBridge sends them, and our own hints.
// Tolerant: AWS adds fields and statuses, and what no rule reads is not looked at.
import { z } from 'zod';
import type { ObserveHint, PlanHint } from '../../shared/ports/hints.ts';
import { observeHint, planHint } from '../hint-schemas.ts';

const container = z.object({
  name: z.string().optional(),
  lastStatus: z.string().optional(),
  exitCode: z.number().optional(),
  reason: z.string().optional(),
});

const taskStateChange = z.object({
  'detail-type': z.literal('ECS Task State Change'),
  detail: z.object({
    taskArn: z.string(),
    clusterArn: z.string(),
    lastStatus: z.string(),
    desiredStatus: z.string().optional(),
    startedBy: z.string().optional(),
    version: z.number(),
    stopCode: z.string().optional(),
    stoppedReason: z.string().optional(),
    containers: z.array(container).optional(),
    createdAt: z.string().optional(),
    pullStartedAt: z.string().optional(),
    pullStoppedAt: z.string().optional(),
    startedAt: z.string().optional(),
    stoppingAt: z.string().optional(),
    stoppedAt: z.string().optional(),
  }),
});

export type ObserveMessage = ObserveHint | PlanHint | z.output<typeof taskStateChange>;
export const observeMessage: z.ZodType<ObserveMessage> = z.union([taskStateChange, observeHint, planHint]);
