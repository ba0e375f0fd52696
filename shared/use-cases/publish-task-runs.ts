// Events of task runs on their way to the EventBridge bus, where somebody asked for them.
// Safe to repeat: receivers know an event by its id.
import type { PrefectEvent } from '../domain/event/event.ts';
import { isoText } from '../domain/iso-time.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { Outbox, OutgoingEvent } from '../ports/publishing.ts';

export async function publishTaskRuns(
  deps: { readonly outbox: Outbox },
  events: readonly PrefectEvent[],
): Promise<void> {
  await deps.outbox.send(events.map(outgoing));
}

/** Shaped as the event of a run is. Parameters and results are left out: they may be large and may be private. */
function outgoing(event: PrefectEvent): OutgoingEvent {
  const { id, occurred, event: name, resource, payload } = event;
  return {
    id,
    time: occurred,
    detailType: 'Slipway Task Run State Changed',
    detail: {
      id,
      event: name,
      occurred: isoText(occurred),
      task_run_id: idBehind('prefect.task-run.', resource['prefect.resource.id']),
      task_run_name: resource['prefect.resource.name'] ?? null,
      flow_run_id: idBehind('prefect.flow-run.', resourceIn(event, 'flow-run')),
      flow_id: idBehind('prefect.flow.', resourceIn(event, 'flow')),
      tags: event.related.flatMap((one) => (roleOf(one) === 'tag' ? (idBehind('prefect.tag.', idOf(one)) ?? []) : [])),
      state: stateOf(payload['validated_state']),
      initial_state: stateOf(payload['initial_state']),
    },
  };
}

type Labels = Readonly<Record<string, string>>;
const idOf = (labels: Labels) => labels['prefect.resource.id'];
const roleOf = (labels: Labels) => labels['prefect.resource.role'];

function resourceIn({ related }: PrefectEvent, role: string): string | undefined {
  const found = related.find((one) => roleOf(one) === role);
  return found === undefined ? undefined : idOf(found);
}

function idBehind(prefix: string, id: string | undefined): string | null {
  return id?.startsWith(prefix) === true ? id.slice(prefix.length) : null;
}

const longestMessage = 10_000;

function stateOf(state: Json | undefined): JsonObject | null {
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return null;
  const { type = null, name = null, message } = state as JsonObject;
  return { type, name, message: typeof message === 'string' ? message.slice(0, longestMessage) : null };
}
