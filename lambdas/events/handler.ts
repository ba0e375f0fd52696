// The events Lambda on given parts: reads a batch of messages, takes its events, and answers which messages failed.
// An event of a pack that fails brings its whole message back; the others of the pack are taken again, to no effect.
import type { LogLine } from '../../shared/domain/catalogue.ts';
import type { StatusRef } from '../../shared/ports/statuses.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { type EventStages, takeEvents } from '../../shared/use-cases/take-events.ts';
import { queueHandler, reportBad } from '../queue-handler.ts';
import { eventsMessage } from './message.ts';
import { type ReadDeps, readMessages, type TakenMessage } from './read-messages.ts';

export type EventsParts = {
  readonly log: Log;
  readonly stages: EventStages;
  readonly read: ReadDeps;
  /** Log lines on their way to `/logs/out`. */
  readonly takeLogs: (lines: readonly LogLine[]) => Promise<void>;
  /** Looks at what the clock found due. */
  readonly takeStatus: (ref: StatusRef) => Promise<void>;
  /** Looks after the task workers. */
  readonly checkTaskWorkers: () => Promise<void>;
};

type Failures = {
  /** By the id of the event. */
  readonly events: ReadonlyMap<string, unknown>;
  readonly logs: unknown;
  readonly statuses: unknown;
  readonly taskWorkers: unknown;
};

export function createEventsHandler({ log, stages, read, takeLogs, takeStatus, checkTaskWorkers }: EventsParts) {
  return queueHandler({
    schema: eventsMessage,
    log,
    handle: async (messages) => {
      const taken = await readMessages(read, messages);
      for (const message of taken) report(log, message);
      const lines = taken.flatMap(({ logs }) => logs);
      const refs = taken.flatMap(({ statuses }) => statuses);
      const events = taken.flatMap((message) => message.events);
      const asksForTaskWorkers = taken.some((message) => message.asksForTaskWorkers);
      const [failedEvents, logs, statuses, taskWorkers] = await Promise.all([
        takeEvents(stages, events),
        failureOf(async () => (lines.length === 0 ? undefined : takeLogs(lines))),
        failureOf(async () => Promise.all(refs.map(takeStatus))),
        failureOf(async () => (asksForTaskWorkers ? checkTaskWorkers() : undefined)),
      ]);
      const failures = { events: failedEvents, logs, statuses, taskWorkers };
      return new Map(taken.flatMap((message) => failed(message, failures)));
    },
  });
}

/** What came in between, or undefined. */
async function failureOf(act: () => Promise<unknown>): Promise<unknown> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return error;
  }
}

function report(log: Log, { id, problems, strangers }: TakenMessage): void {
  for (const problem of problems) reportBad(log, id, problem);
  if (strangers > 0) log('WARN', 'events of a stranger dropped', { message_id: id, frames: strangers });
}

/** Messages with a part that cannot be read go to the dead-letter queue once their receives are used up. */
function failed(message: TakenMessage, failures: Failures): [id: string, problem: unknown][] {
  const [problem] = message.problems;
  if (problem !== undefined) return [[message.id, problem]];
  if (failures.logs !== undefined && message.logs.length > 0) return [[message.id, failures.logs]];
  if (failures.statuses !== undefined && message.statuses.length > 0) return [[message.id, failures.statuses]];
  if (failures.taskWorkers !== undefined && message.asksForTaskWorkers) return [[message.id, failures.taskWorkers]];
  const bad = message.events.find((event) => failures.events.has(event.id));
  return bad === undefined ? [] : [[message.id, failures.events.get(bad.id)]];
}
