// What the table's stream becomes: counters, and for each change of a run's head an event for those who watch and for
// automations, and one for the bus.
// The stream delivers at least once and in order per shard; each event is built from one record alone.
import type { JsonObject } from '../domain/json.ts';
import type { Run } from '../domain/run/run.ts';
import type { EventSink } from '../ports/events.ts';
import type { CounterKey, CounterMove, Counters, HeadChange, Outbox, OutgoingEvent } from '../ports/publishing.ts';
import type { RunEvents } from './run-events.ts';

export type PublishDeps = {
  readonly counters: Counters;
  readonly outbox: Outbox;
  readonly eventSink: EventSink;
  readonly runEvents: RunEvents;
};

/**
 * A batch that tells nobody anything and moves no counter writes nothing: what publish writes is in the stream as well.
 *
 * @throws when the outbox or the table cannot be reached: the stream brings the batch again
 */
export async function publishChanges(
  deps: PublishDeps,
  shard: string,
  batch: { readonly last: string; readonly changes: readonly HeadChange[] },
): Promise<void> {
  if (batch.changes.every(isSilent)) return;
  for (;;) {
    const before = await deps.counters.checkpoint(shard);
    const fresh = batch.changes.filter(({ sequence }) => before === undefined || BigInt(sequence) > BigInt(before));
    if (fresh.length === 0) return;
    // Events first: a crash in between sends them again, and receivers know them by id.
    const told = fresh.flatMap(stateByState);
    const events = await deps.runEvents(told);
    await Promise.all([deps.outbox.send(told.flatMap(stateEvent)), deps.eventSink.send(events)]);
    const moved = await deps.counters.apply(shard, { before, last: batch.last }, fresh.flatMap(counterMoves));
    if (moved === 'written') return;
  }
}

/** The head moved and its state did not: a deadline, an ARN, a name. */
function isSilent({ before, after }: HeadChange): boolean {
  return before?.state.id === after?.state.id;
}

/** One write may enter two states, as that of a task that is given back to its run: each of them is told. */
function stateByState(change: HeadChange): HeadChange[] {
  const { before, after, sequence } = change;
  if (before === undefined || after === undefined) return [change];
  const known = after.recentStates.findIndex(({ id }) => id === before.state.id);
  const heads = after.recentStates.slice(0, Math.max(0, known)).map((state, at): Run => {
    return { ...after, state, recentStates: after.recentStates.slice(at + 1) };
  });
  const steps = [...heads.toReversed(), after];
  return steps.map((head, at) => ({ sequence, before: steps[at - 1] ?? before, after: head }));
}

function keyOf(run: Run): CounterKey {
  const { flowId, deploymentId, workPoolName, workQueueId } = run;
  return {
    flowId,
    ...(deploymentId === undefined ? {} : { deploymentId }),
    ...(workPoolName === undefined ? {} : { workPoolName }),
    ...(workQueueId === undefined ? {} : { workQueueId }),
  };
}

/** A deleted run leaves the counters; a change that keeps type and place moves nothing. */
function counterMoves({ before, after }: HeadChange): CounterMove[] {
  const out = before === undefined ? [] : [{ key: keyOf(before), type: before.state.type, by: -1 }];
  const into = after === undefined ? [] : [{ key: keyOf(after), type: after.state.type, by: 1 }];
  return [...out, ...into];
}

/** What goes to the bus: its id is the state's id, as that of Prefect's event is. */
function stateEvent({ before, after }: HeadChange): OutgoingEvent[] {
  if (after === undefined || before?.state.id === after.state.id) return [];
  const { state } = after;
  return [
    {
      id: state.id,
      time: state.timestamp,
      detailType: 'Slipway Run State Changed',
      detail: eventDetail(after, before),
    },
  ];
}

function eventDetail(run: Run, before: Run | undefined): JsonObject {
  const { state } = run;
  return {
    id: state.id,
    event: `prefect.flow-run.${state.name}`,
    occurred: new Date(state.timestamp).toISOString(),
    flow_run_id: run.id,
    flow_run_name: run.name,
    flow_id: run.flowId,
    deployment_id: run.deploymentId ?? null,
    work_pool_name: run.workPoolName ?? null,
    work_queue_name: run.workQueueName ?? null,
    tags: run.tags,
    run_count: run.runCount,
    attempt: run.attempt,
    state: { type: state.type, name: state.name, message: state.message ?? null },
    initial_state: before === undefined ? null : { type: before.state.type, name: before.state.name },
  };
}
