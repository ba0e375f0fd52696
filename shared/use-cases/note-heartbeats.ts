// Notes the signs of life that engines send as events: `prefect.flow-run.heartbeat`, every few minutes for each run.
// Only for runs without a task of ours is anything made of them; who that is, is asked when they stay away.
import type { PrefectEvent } from '../domain/event/event.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';

const name = 'prefect.flow-run.heartbeat';
const resourcePrefix = 'prefect.flow-run.';

export function isHeartbeat({ event }: PrefectEvent): boolean {
  return event === name;
}

/** Safe to repeat, in any order. One write a run, whatever the number of its events. */
export async function noteHeartbeats(
  deps: { readonly heartbeats: Pick<Heartbeats, 'note'> },
  events: readonly PrefectEvent[],
): Promise<void> {
  const newest = new Map<string, number>();
  for (const event of events.filter(isHeartbeat)) {
    const id = event.resource['prefect.resource.id'];
    if (id === undefined || !id.startsWith(resourcePrefix)) continue;
    const runId = id.slice(resourcePrefix.length).toLowerCase();
    // Nobody's clock runs ahead of ours for long: a sign from the future would hide a long silence.
    const at = Math.floor(Math.min(event.occurred, event.received));
    newest.set(runId, Math.max(newest.get(runId) ?? 0, at));
  }
  await Promise.all([...newest].map(([runId, at]) => deps.heartbeats.note(runId, at)));
}
