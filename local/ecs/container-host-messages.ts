// What the local ECS and the program that holds its processes say to each other.
// Rule: every request may be made twice; starting is safe by the claim file, ending by its nature.

import { z } from 'zod';

const orderSchema = z.object({
  program: z.string(),
  arguments: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  workingDirectory: z.string(),
});

const startSchema = z.object({ kind: z.literal('start'), id: z.number(), key: z.string(), order: orderSchema });
const endSchema = z.object({ kind: z.literal('end'), id: z.number(), key: z.string() });
const requestSchema = z.discriminatedUnion('kind', [startSchema, endSchema]);

const replySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done'), id: z.number(), problem: z.string().optional() }),
  z.object({ kind: z.literal('ended'), key: z.string() }),
]);

export type StartOrder = Readonly<z.infer<typeof orderSchema>>;
export type StartRequest = z.infer<typeof startSchema>;
export type HostRequest = z.infer<typeof requestSchema>;
export type HostReply = z.infer<typeof replySchema>;

export function readHostRequest(message: unknown): HostRequest {
  return requestSchema.parse(message);
}

export function readHostReply(message: unknown): HostReply {
  return replySchema.parse(message);
}
