// An outgoing event as it comes back from the outbox's queue.
import { z } from 'zod';
import type { JsonObject } from '../../shared/domain/json.ts';
import type { OutgoingEvent } from '../../shared/ports/publishing.ts';

export const outgoingEvent: z.ZodType<OutgoingEvent> = z.object({
  id: z.string(),
  time: z.number(),
  detailType: z.string(),
  detail: z.record(z.string(), z.json()) as z.ZodType<JsonObject>,
});
