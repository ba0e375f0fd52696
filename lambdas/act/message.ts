// Messages of the queue `act`.
import { z } from 'zod';

export const actHint = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('firing'), firingId: z.string().min(1) }),
  z.object({ kind: z.literal('trigger'), stateId: z.string().min(1) }),
]);
