// Hints as they come from a queue.
import { z } from 'zod';
import type { Lane } from '../shared/domain/run/run.ts';
import type { ObserveHint, PlanHint, SubmitHint, SweptTask } from '../shared/ports/hints.ts';

const lane: z.ZodType<Lane> = z
  .object({ workPoolName: z.string(), workQueueId: z.string(), deploymentId: z.string().optional() })
  .transform(({ workPoolName, workQueueId, deploymentId }) => ({
    workPoolName,
    workQueueId,
    ...(deploymentId === undefined ? {} : { deploymentId }),
  }));

const task = { cluster: z.string(), taskArn: z.string() };
const attempt = { runId: z.string(), attempt: z.number().int().positive() };

export const submitHint: z.ZodType<SubmitHint> = z.union([
  z.object({ kind: z.literal('work'), lane, dueAt: z.number() }),
  z.object({ kind: z.literal('wake'), lane }),
  z.object({ kind: z.literal('room') }),
  z.object({ kind: z.literal('attempt'), ...attempt }),
  z.object({ kind: z.literal('adopt'), ...task }),
  z.object({ kind: z.literal('match') }),
]);

const sweptTask: z.ZodType<SweptTask> = z.union([
  z.object({ taskArn: z.string(), ...attempt }),
  z.object({ taskArn: z.string() }),
]);

export const observeHint: z.ZodType<ObserveHint> = z.union([
  z.object({ kind: z.literal('run'), runId: z.string() }),
  z.object({ kind: z.literal('attempt'), ...attempt }),
  z.object({ kind: z.literal('tasks'), cluster: z.string(), tasks: z.array(sweptTask) }),
]);

export const planHint: z.ZodType<PlanHint> = z.object({ kind: z.literal('plan'), deploymentId: z.string() });
