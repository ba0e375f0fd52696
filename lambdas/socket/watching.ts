// `/events/out` and `/logs/out`: the client sends one filter, then listens. What it says after that is not looked at.
// Source: Prefect's `stream_workspace_events_out` and `stream_logs_out`, close codes and reasons included.
import type { z } from 'zod';
import { eventFilter } from '../../shared/contract/event-filters.ts';
import { logFilter } from '../../shared/contract/filters.ts';
import type { JsonObject } from '../../shared/domain/json.ts';
import type { ConnectionRef } from '../../shared/ports/connections.ts';
import type { Telemetry } from '../../shared/telemetry/events.ts';
import { type FollowEventsDeps, type Followed, followEvents } from '../../shared/use-cases/follow-events.ts';
import { type FollowLogsDeps, followLogs } from '../../shared/use-cases/follow-logs.ts';
import { type Conversation, closeCodes, type End, protocolError } from './conversation.ts';

type Reporting = { readonly telemetry: Pick<Telemetry, 'backfillCutShort'> };

/** API Gateway gives up after 29 s; what is left of that is for the last frame. */
const patienceMs = 20_000;

export function watchEvents(deps: FollowEventsDeps & Reporting): Conversation {
  return watching(deps, async (ref, frame) => {
    const filter = read(eventFilter, frame);
    if (typeof filter === 'string') return protocolError(filter);
    const wantsBackfill = frame['backfill'] !== false;
    return await followEvents(deps, ref, { filter, wantsBackfill, patienceMs });
  });
}

export function watchLogs(deps: FollowLogsDeps & Reporting): Conversation {
  return watching(deps, async (ref, frame) => {
    const filter = read(logFilter, frame);
    if (typeof filter === 'string') return protocolError(filter);
    return await followLogs(deps, ref, { filter, patienceMs });
  });
}

type Follow = (ref: ConnectionRef, frame: JsonObject) => Promise<Followed | End>;

function watching({ telemetry }: Reporting, follow: Follow): Conversation {
  return {
    async take(connection, frame) {
      if (connection.subscription !== undefined) return undefined;
      if (frame['type'] !== 'filter') return protocolError("Expected 'filter' message");
      const outcome = await follow(connection, frame);
      if (typeof outcome === 'object') return outcome;
      if (outcome !== 'cut short') return undefined;
      telemetry.backfillCutShort(connection);
      // The client comes back and goes on where it was: its filter begins with the last event that it saw.
      return { code: closeCodes.internalError, reason: 'backfill takes too long, please connect again' };
    },
  };
}

/** The parsed filter, or what is wrong with it. */
function read<Schema extends z.ZodType>(schema: Schema, frame: JsonObject): z.output<Schema> | string {
  const parsed = schema.safeParse(frame['filter']);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `Invalid filter: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as wanted'}`;
}
