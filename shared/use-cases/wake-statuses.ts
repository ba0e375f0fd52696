// The clock's part in statuses: those whose time is over are looked at again by the consumer of events.
import type { Statuses, StatusHints } from '../ports/statuses.ts';
import type { World } from '../ports/world.ts';

export type WakeStatusesDeps = {
  readonly world: Pick<World, 'now'>;
  readonly statuses: Pick<Statuses, 'due'>;
  readonly statusHints: StatusHints;
};

/** A tick leaves the rest to the next one. */
const statusesPerTick = 5_000;

export async function wakeStatuses({ world, statuses, statusHints }: WakeStatusesDeps): Promise<number> {
  const due = await statuses.due({ until: world.now(), limit: statusesPerTick });
  if (due.length > 0) await statusHints.send(due);
  return due.length;
}
