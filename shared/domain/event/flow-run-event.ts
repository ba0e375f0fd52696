// The event of a flow run's new state, as Prefect names it. Its id is the state's id: who hears of a state twice, by
// the answer to its proposal and by the event, knows it by that.
import type { Deployment, Flow, WorkPool, WorkQueue } from '../catalogue.ts';
import { isoText } from '../iso-time.ts';
import type { JsonObject } from '../json.ts';
import type { Run, RunBody } from '../run/run.ts';
import type { RecentState } from '../run/state.ts';
import type { TaskRun } from '../task-run/task-run.ts';
import type { EventResource, PrefectEvent } from './event.ts';
import {
  creatorInRole,
  deploymentInRole,
  flowInRole,
  inRole,
  poolInRole,
  queueInRole,
  resourceOf,
  tagsInRole,
} from './resources.ts';

/** What stands around a run; what is gone by now is absent. */
export type RunSurroundings = {
  readonly flow?: Flow | undefined;
  readonly deployment?: Deployment | undefined;
  readonly queue?: WorkQueue | undefined;
  readonly pool?: WorkPool | undefined;
  readonly parentTaskRun?: TaskRun | undefined;
  readonly body?: RunBody | undefined;
};

export type StateMove = {
  readonly run: Run;
  readonly from?: RecentState | undefined;
  readonly to: RecentState;
};

/** `received`: epoch milliseconds. */
export function flowRunEvent({ run, from, to }: StateMove, around: RunSurroundings, received: number): PrefectEvent {
  return {
    id: to.id,
    occurred: to.timestamp,
    received,
    event: `prefect.flow-run.${to.name}`,
    resource: {
      ...resourceOf('flowRun', run),
      'prefect.run-count': String(run.runCount),
      'prefect.state-message': shortened(to.message ?? ''),
      'prefect.state-name': to.name,
      'prefect.state-timestamp': isoText(to.timestamp).replace('Z', '+00:00'),
      'prefect.state-type': to.type,
    },
    related: relatedTo(run, around),
    payload: {
      intended: { from: from?.type ?? null, to: to.type },
      initial_state: from === undefined ? null : statePayload(from),
      validated_state: statePayload(to),
    },
    ...(from !== undefined && isClose(from, to) ? { follows: from.id } : {}),
  };
}

/** Nearer than this, events may overtake each other on their way. */
const closeMs = 5 * 60_000;

function isClose(from: RecentState, to: RecentState): boolean {
  return Math.abs(to.timestamp - from.timestamp) < closeMs;
}

function relatedTo(run: Run, around: RunSurroundings): readonly EventResource[] {
  const { flow, deployment, queue, pool, parentTaskRun, body } = around;
  const tagged = [run, flow, deployment, parentTaskRun].flatMap((one) => one?.tags ?? []);
  return [
    ...(flow === undefined ? [] : [flowInRole(flow)]),
    ...(deployment === undefined ? [] : [deploymentInRole(deployment)]),
    ...(queue === undefined ? [] : [queueInRole(queue)]),
    ...(pool === undefined ? [] : [poolInRole(pool)]),
    ...(parentTaskRun === undefined ? [] : [inRole('task-run', resourceOf('taskRun', parentTaskRun))]),
    ...tagsInRole(tagged),
    ...creatorInRole(body?.createdBy),
  ];
}

function statePayload({ type, name, message, details }: RecentState): JsonObject {
  return {
    type,
    name,
    ...(message === undefined || message === '' ? {} : { message: shortened(message) }),
    ...(type === 'PAUSED' ? { pause_reschedule: String(details.pauseReschedule ?? false) } : {}),
  };
}

/** Some tell whole results in a message: its middle is left out. */
const longestMessage = 100_000;

function shortened(message: string): string {
  if (message.length <= longestMessage) return message;
  const half = longestMessage / 2;
  const omitted = message.length - longestMessage;
  const text = `${message.slice(0, half)}...${omitted} additional characters...${message.slice(-half)}`;
  return text.length < message.length ? text : message;
}

/** The states that a change of the head brought, oldest first, each with the one before it. */
export function stateMoves({ before, after }: { readonly before?: Run; readonly after?: Run }): readonly StateMove[] {
  if (after === undefined || before?.state.id === after.state.id) return [];
  const newest: readonly RecentState[] = [after.state, ...after.recentStates];
  const known = newest.findIndex(({ id }) => id === before?.state.id);
  // Without a head before, the first state is the oldest that the head has; with one that it forgot, the newest counts.
  const fresh = known >= 0 ? newest.slice(0, known) : before === undefined ? newest : newest.slice(0, 1);
  return fresh.map((to, at) => ({ run: after, to, from: newest[at + 1] ?? before?.state })).toReversed();
}
