// Task runs: kept for whoever asks for one, listed, moved by proposed states; their states, by run and by id.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { TaskRunCreateInput, taskRunRoutes, taskRunStateRoutes } from '../../../shared/contract/task-runs.ts';
import { historyOf, historySpan } from '../../../shared/domain/history.ts';
import { policyFromFields } from '../../../shared/domain/task-run/policy-fields.ts';
import type { TaskRun } from '../../../shared/domain/task-run/task-run.ts';
import {
  estimatedRunTimeMs,
  latenessMs,
  taskRunToWire,
  taskStateToWire,
} from '../../../shared/domain/task-run/to-wire.ts';
import type { NewTaskRun } from '../../../shared/use-cases/create-task-run.ts';
import type { TaskStateAnswer } from '../../../shared/use-cases/record-task-run-state.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound, Refusal } from '../refusal.ts';
import { orNone, present } from '../wire/present.ts';
import { proposedState } from '../wire/states.ts';
import { isoText } from '../wire/times.ts';
import { changing } from './changing.ts';
import { allTaskRuns, countTaskRuns, findTaskRuns } from './find-task-runs.ts';
import { paged, pageWindow, windowOf } from './paging.ts';

const missing = 'Task not found';

function newTaskRun(body: TaskRunCreateInput, now: number): NewTaskRun {
  return present({
    id: orNone(body.id),
    // No name and an empty one are the same: the server makes one up.
    name: body.name || undefined,
    flowRunId: orNone(body.flow_run_id),
    taskKey: body.task_key,
    dynamicKey: body.dynamic_key,
    cacheKey: orNone(body.cache_key),
    cacheExpiration: orNone(body.cache_expiration),
    taskVersion: orNone(body.task_version),
    policy: body.empirical_policy === undefined ? undefined : policyFromFields(withoutMissing(body.empirical_policy)),
    tags: body.tags,
    labels: orNone(body.labels),
    taskInputs: body.task_inputs,
    state: body.state ? proposedState(body.state, now) : undefined,
  });
}

function withoutMissing(fields: NonNullable<TaskRunCreateInput['empirical_policy']>) {
  const { retries = null, retry_delay = null, retry_jitter_factor = null } = fields;
  return { ...fields, retries, retry_delay, retry_jitter_factor };
}

function verdictToWire(answer: TaskStateAnswer) {
  const reason = answer.reason ?? null;
  const details = {
    ACCEPT: { type: 'accept_details' },
    REJECT: { type: 'reject_details', reason },
    ABORT: { type: 'abort_details', reason },
    WAIT: { type: 'wait_details', delay_seconds: Math.ceil(answer.delaySeconds ?? 0), reason },
  } as const;
  return {
    state: taskStateToWire(answer.state, answer.taskRun),
    status: answer.status,
    details: details[answer.status],
  };
}

/** What a page tells of a task run is less than the whole. */
function pageEntry(taskRun: TaskRun, now: number) {
  const {
    dynamic_key: _dynamic,
    cache_key: _cache,
    cache_expiration: _expiration,
    labels: _labels,
    state_type: _type,
    state_name: _name,
    run_count: _count,
    flow_run_run_count: _flowCount,
    expected_start_time: _expected,
    next_scheduled_start_time: _next,
    ...entry
  } = taskRunToWire(taskRun, now);
  return entry;
}

export const taskRunHandlers = {
  async create_task_run({ body }, deps) {
    const now = deps.world.now();
    const creation = await deps.useCases.createTaskRun(newTaskRun(body, now));
    if (creation.kind === 'refused') throw new Refusal(creation.code, creation.reason);
    return { isNew: creation.kind === 'created', value: taskRunToWire(creation.taskRun, now) };
  },

  async update_task_run({ params, body }, { taskRuns, world }) {
    const name = body.name === undefined ? undefined : body.name || world.newName();
    const changed = await changing(
      { read: () => taskRuns.read(params.id), write: (before, after) => taskRuns.change({ before, after }) },
      (before) => (name === undefined ? undefined : { ...before, name, updated: world.now() }),
    );
    found(changed, 'Task run not found');
  },

  count_task_runs: ({ body }, deps) => countTaskRuns(deps, body),

  async task_run_history({ body }, deps) {
    const { history_start: start, history_end: end, history_interval_seconds: seconds, ...filters } = body;
    if (seconds < 1) throw new Refusal('invalid_request', 'History interval must not be less than 1 second.');
    const request = { start, end, intervalMs: seconds * 1000 };
    const { from, until } = historySpan(request);
    const taskRuns = until <= from ? [] : await allTaskRuns(deps, within(filters, { from, until }));
    const now = deps.world.now();
    const past = taskRuns.map((taskRun) => ({
      ...taskRun,
      runTimeMs: estimatedRunTimeMs(taskRun, now),
      latenessMs: latenessMs(taskRun, now),
    }));
    return historyOf(past, request).map((interval) => ({
      interval_start: isoText(interval.start),
      interval_end: isoText(interval.end),
      states: interval.states.map((state) => ({
        state_type: state.type,
        state_name: state.name,
        count_runs: state.count,
        sum_estimated_run_time: state.runTimeMs / 1000,
        sum_estimated_lateness: state.latenessMs / 1000,
      })),
    }));
  },

  async read_task_run({ params }, { taskRuns, world }) {
    return taskRunToWire(found(await taskRuns.read(params.id), missing), world.now());
  },

  async read_task_runs({ body }, deps) {
    const { sort, limit, offset, ...filters } = body;
    const taskRuns = await findTaskRuns(deps, { filters, sort, window: windowOf({ limit, offset }) });
    return taskRuns.map((taskRun) => taskRunToWire(taskRun, deps.world.now()));
  },

  async paginate_task_runs({ body }, deps) {
    const { sort, limit, page, ...filters } = body;
    const window = pageWindow({ limit, page });
    const [taskRuns, count] = await Promise.all([
      findTaskRuns(deps, { filters, sort, window }),
      countTaskRuns(deps, filters),
    ]);
    const now = deps.world.now();
    return paged(
      taskRuns.map((taskRun) => pageEntry(taskRun, now)),
      count,
      window,
    );
  },

  async delete_task_run({ params }, deps) {
    if (!(await deps.useCases.deleteTaskRun(params.id))) throw notFound(missing);
  },

  async set_task_run_state({ params, body }, deps) {
    const answer = await deps.useCases.recordTaskRunState({
      taskRunId: params.id,
      proposed: proposedState(body.state, deps.world.now()),
      force: body.force,
    });
    const given = found(answer, `Task run with id ${params.id} not found`);
    return { isNew: given.isNewState, value: verdictToWire(given) };
  },
} satisfies Handlers<typeof taskRunRoutes, ApiDeps>;

type Filters = Parameters<typeof allTaskRuns>[1];

/** A history reads only its own span. With an `or_` filter the span cannot be part of the filter. */
function within(filters: Filters, { from, until }: { readonly from: number; readonly until: number }): Filters {
  const own = filters.task_runs ?? {};
  if (own.operator === 'or_') return filters;
  const asked = own.expected_start_time;
  const after = Math.max(from, asked?.after_ ?? from);
  const before = Math.min(until, asked?.before_ ?? until);
  return { ...filters, task_runs: { ...own, expected_start_time: { after_: after, before_: before } } };
}

export const taskRunStateHandlers = {
  async read_task_run_state({ params }, { taskRuns }) {
    const kept = found(await taskRuns.readState(params.id), 'Flow run state not found');
    return taskStateToWire(kept.state, { ...kept, id: kept.taskRunId });
  },

  async read_task_run_states({ query }, { taskRuns }) {
    const taskRun = await taskRuns.read(query.task_run_id);
    if (taskRun === undefined) return [];
    return (await taskRuns.readStates(taskRun.id)).map((state) => taskStateToWire(state, taskRun));
  },
} satisfies Handlers<typeof taskRunStateRoutes, ApiDeps>;
