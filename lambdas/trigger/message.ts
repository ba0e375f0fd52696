// What may target the `trigger` queue: an EventBridge event that asks for a run, a Scheduler schedule's input, or a rule's
// transformed input. Each has a key of its own that makes a second delivery harmless (design §3).
import { z } from 'zod';
import type { JsonObject } from '../../shared/domain/json.ts';
import type { TriggerRequest } from '../../shared/use-cases/trigger-run.ts';

const request = z.object({
  /** `flow/name`, or a deployment's id. */
  deployment: z.string().min(1),
  parameters: (z.record(z.string(), z.json()) as z.ZodType<JsonObject>).optional(),
  job_variables: (z.record(z.string(), z.json()) as z.ZodType<JsonObject>).optional(),
  tags: z.array(z.string()).optional(),
  idempotency_key: z.string().min(1).optional(),
});

const requestEvent = z.object({
  id: z.string().min(1),
  'detail-type': z.literal('Slipway Run Requested'),
  detail: request,
});

/** Scheduler fills in `<aws.scheduler.schedule-arn>` and `<aws.scheduler.scheduled-time>`. */
const scheduleInput = request.extend({ schedule_arn: z.string().min(1), scheduled_time: z.string().min(1) });

/** A rule's input transformer may pass the original event along. */
const ruleInput = request.extend({
  event: z
    .object({
      id: z.string().optional(),
      detail: z
        .object({
          bucket: z.object({ name: z.string() }).optional(),
          object: z.object({ key: z.string(), sequencer: z.string() }).optional(),
        })
        .optional(),
    })
    .optional(),
});

type Asked = z.output<typeof request>;
/** The request, and the key that its source gives it; absent where only the message itself has one. */
export type TriggerMessage = { readonly asked: Asked; readonly key?: string };

export const triggerMessage: z.ZodType<TriggerMessage> = z.union([
  requestEvent.transform(({ id, detail }) => ({ asked: detail, key: `event/${id}` })),
  scheduleInput.transform(({ schedule_arn, scheduled_time, ...asked }) => ({
    asked,
    key: `schedule/${schedule_arn}/${scheduled_time}`,
  })),
  ruleInput.transform(({ event, ...asked }) => {
    const object = event?.detail?.object;
    const bucket = event?.detail?.bucket?.name ?? '';
    if (object !== undefined) return { asked, key: `s3/${bucket}/${object.key}/${object.sequencer}` };
    return event?.id === undefined ? { asked } : { asked, key: `event/${event.id}` };
  }),
]);

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The default key of last resort is the SQS message's id. Keys are told apart by flow, so a default one names the
 * deployment as well: one event may start a run of each of a flow's deployments.
 */
export function triggerRequest({ asked, key }: TriggerMessage, messageId: string): TriggerRequest {
  const { deployment, parameters, job_variables: jobVariables, tags, idempotency_key: ownKey } = asked;
  return {
    ...(uuid.test(deployment) ? { deploymentId: deployment } : { deploymentName: deployment }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(jobVariables === undefined ? {} : { jobVariables }),
    ...(tags === undefined ? {} : { tags }),
    idempotencyKey: ownKey ?? `${key ?? `message/${messageId}`}/${deployment}`,
  };
}
