// The engine asks for a task run before each subflow and each deployment that a flow runs, to hang the child run on.
// It gets one that is not kept: its id goes into the child as `parent_task_run_id`, and nobody reads it back.
import type { RequestOf } from '../../../shared/contract/define-routes.ts';
import type { TaskRunCreateInput, taskRunRoutes } from '../../../shared/contract/task-runs.ts';
import { timedId } from '../../../shared/domain/identity.ts';
import type { State } from '../../../shared/domain/run/state.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound } from '../refusal.ts';
import { proposedState, stateToWire } from '../wire/states.ts';
import { isoOrNull, isoText } from '../wire/times.ts';

type Request = RequestOf<(typeof taskRunRoutes)['create_task_run']>;

/** A new one each time: a flow that is tried again starts its subflows afresh. */
export async function placeTaskRun({ body }: Request, { world }: ApiDeps) {
  // `task.delay()` leaves the work to a task worker that waits on a socket: it would never be done.
  if (body.state?.type === 'SCHEDULED' || body.state?.state_details?.deferred === true) {
    throw notFound('tasks in the background are not served yet: wanted a task run that its own flow executes');
  }
  const now = world.now();
  // The id tells its age, so that the engine's search for an earlier child need not read older runs.
  const id = body.id ?? timedId(now, world.newId());
  const state: State = { ...proposedState(body.state ?? { type: 'PENDING' }, now), id: world.newId(), timestamp: now };
  return { ...givenFields(body), ...timesAt(now, state), ...stateFields(state), id, name: body.name ?? body.task_key };
}

function givenFields(body: TaskRunCreateInput) {
  return {
    flow_run_id: body.flow_run_id ?? null,
    task_key: body.task_key,
    dynamic_key: body.dynamic_key,
    cache_key: body.cache_key ?? null,
    cache_expiration: body.cache_expiration ?? null,
    task_version: body.task_version ?? null,
    empirical_policy: body.empirical_policy ?? {},
    tags: body.tags ?? [],
    labels: body.labels ?? {},
    task_inputs: body.task_inputs ?? {},
  };
}

function timesAt(now: number, state: State) {
  return {
    created: isoText(now),
    updated: isoText(now),
    expected_start_time: isoText(now),
    next_scheduled_start_time: isoOrNull(state.details.scheduledTime),
    start_time: null,
    end_time: null,
    run_count: 0,
    flow_run_run_count: 0,
    total_run_time: 0,
    estimated_run_time: 0,
    estimated_start_time_delta: 0,
  };
}

function stateFields(state: State) {
  const { state_details: details, ...wire } = stateToWire(state, '');
  return {
    state_id: state.id,
    state_type: state.type,
    state_name: state.name,
    state: { ...wire, state_details: { ...details, flow_run_id: null } },
  };
}
