// Routes of Slipway's own, beside Prefect's: freezing and thawing of launches.
import { z } from 'zod';
import { defineRoutes } from './define-routes.ts';
import { timeOrNull } from './scalars.ts';

const freeze = z
  .object({
    /** Whether nothing is launched. Tasks that run go on, and may be stopped. */
    frozen: z.boolean(),
    since: timeOrNull,
    reason: z.string().nullable(),
    /** Identity of the table that this one was restored from, until it is matched with ECS and thawed. */
    restored_from: z.string().nullable(),
    /** Asked to thaw, and waiting until a restored table is matched. */
    thawing: z.boolean(),
  })
  .meta({ id: 'Freeze' });
export type FreezeWire = z.output<typeof freeze>;

export const slipwayRoutes = defineRoutes({
  read_freeze: {
    method: 'GET',
    path: '/slipway/freeze',
    summary: 'Whether launches are frozen, since when and why',
    status: 200,
    response: freeze,
    errors: [],
  },
  freeze: {
    method: 'POST',
    path: '/slipway/freeze',
    summary: 'Launch nothing from now on; answers once nothing is under way any more, 10 s at most',
    status: 200,
    body: z.object({ reason: z.string().min(1).max(500).default('asked for') }).nullish(),
    response: freeze,
    errors: ['unavailable'],
  },
  thaw: {
    method: 'POST',
    path: '/slipway/thaw',
    summary: 'Launch again; a restored table is matched with ECS first and stays frozen until then',
    status: 200,
    response: freeze,
    errors: ['unavailable'],
  },
});
