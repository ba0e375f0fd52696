// What is done with every event, and in which order. First whatever keeps what an event tells, then whatever tells
// others of it: who hears of an event can read what it changed.
import { isTaskRunReport } from '../../shared/domain/task-run/from-event.ts';
import type { EventStore } from '../../shared/ports/events.ts';
import type { Heartbeats } from '../../shared/ports/heartbeats.ts';
import type { Outbox } from '../../shared/ports/publishing.ts';
import { type FanOutEventsDeps, fanOutEvents } from '../../shared/use-cases/fan-out-events.ts';
import { isHeartbeat, noteHeartbeats } from '../../shared/use-cases/note-heartbeats.ts';
import { publishTaskRuns } from '../../shared/use-cases/publish-task-runs.ts';
import { type RecordTaskRunDeps, recordTaskRunEvents } from '../../shared/use-cases/record-task-run-events.ts';
import type { EventStages, EventStep } from '../../shared/use-cases/take-events.ts';

export type StageDeps = RecordTaskRunDeps &
  FanOutEventsDeps & {
    readonly store: Pick<EventStore, 'keep'>;
    readonly heartbeats: Pick<Heartbeats, 'note'>;
    /** Given when events of task runs are wanted on the bus. */
    readonly outbox?: Outbox;
    /** What automations make of events. Absent, nothing is automatic. */
    readonly evaluateTriggers?: EventStep['take'];
  };

export function eventStages(deps: StageDeps): EventStages {
  const { outbox, evaluateTriggers } = deps;
  const toTriggers: EventStep[] = evaluateTriggers === undefined ? [] : [{ name: 'triggers', take: evaluateTriggers }];
  return [
    [
      { name: 'keep', take: deps.store.keep },
      { name: 'task runs', concerns: isTaskRunReport, take: (events) => recordTaskRunEvents(deps, events) },
      { name: 'heartbeats', concerns: isHeartbeat, take: (events) => noteHeartbeats(deps, events) },
    ],
    [{ name: 'fan-out', take: (events) => fanOutEvents(deps, events) }, ...busSteps(outbox), ...toTriggers],
  ];
}

/** Runs are told to the bus by publish, from the table's stream; task runs here, and only where somebody asked. */
export function busSteps(outbox: Outbox | undefined): readonly EventStep[] {
  if (outbox === undefined) return [];
  return [{ name: 'bus', concerns: isTaskRunReport, take: (events) => publishTaskRuns({ outbox }, events) }];
}
