// A task run as its own engine reports it: `prefect.task-run.<State>` events become states and what they say of the run.
// Rule: events come twice and in any order; each state is kept, and the newest one decides what the run looks like.
// Source: Prefect's task run recorder; the payload is what its client emits on every change of state.
import type { EventResource, PrefectEvent } from '../event/event.ts';
import { isTerminal, type State } from '../run/state.ts';
import {
  detailsFrom,
  durationMsField,
  numberField,
  objectField,
  stateTypeField,
  textField,
  textsField,
  timeField,
} from './event-fields.ts';
import { policyFromFields } from './policy-fields.ts';
import type { TaskRun } from './task-run.ts';
import { childrenOf } from './transition.ts';

type Attributes = Partial<Omit<TaskRun, 'id' | 'version' | 'created' | 'updated' | 'state'>>;

/** One event: a state of a task run, and the run's fields as they were then. */
export type TaskRunReport = {
  readonly taskRunId: string;
  readonly flowRunId?: string;
  readonly taskKey: string;
  readonly dynamicKey: string;
  readonly state: State;
  readonly attributes: Attributes;
};

/** Prefect records only what an engine has orchestrated by itself; a server's own states are known already. */
export function isTaskRunReport(event: PrefectEvent): boolean {
  return event.event.startsWith('prefect.task-run') && event.resource['prefect.orchestration'] === 'client';
}

/** Undefined where a field is missing that nothing can stand in for: such an event is passed over. */
export function readTaskRunReport(event: PrefectEvent): TaskRunReport | undefined {
  const taskRunId = idIn(event.resource, 'prefect.task-run.');
  const fields = objectField(event.payload, 'task_run');
  const stated = objectField(event.payload, 'validated_state');
  const type = stated === undefined ? undefined : stateTypeField(stated, 'type');
  if (taskRunId === undefined || fields === undefined || stated === undefined || type === undefined) return undefined;
  const taskKey = textField(fields, 'task_key');
  const dynamicKey = textField(fields, 'dynamic_key');
  if (taskKey === undefined || dynamicKey === undefined) return undefined;
  const flow = event.related.find((resource) => resource['prefect.resource.role'] === 'flow-run');
  const flowRunId = flow === undefined ? undefined : idIn(flow, 'prefect.flow-run.');
  const message = textField(stated, 'message');
  const data = stated['data'];
  const state: State = {
    id: event.id,
    type,
    name: textField(stated, 'name') ?? `${type.charAt(0)}${type.slice(1).toLowerCase()}`,
    timestamp: event.occurred,
    ...(message === undefined ? {} : { message }),
    details: detailsFrom(objectField(stated, 'state_details') ?? {}),
    ...(data === undefined || data === null ? {} : { data }),
  };
  const own = flowRunId === undefined ? {} : { flowRunId };
  return { taskRunId, ...own, taskKey, dynamicKey, state, attributes: { ...attributesOf(fields), ...own } };
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function idIn(resource: EventResource, prefix: string): string | undefined {
  const id = resource['prefect.resource.id'] ?? '';
  const rest = id.startsWith(prefix) ? id.slice(prefix.length).toLowerCase() : '';
  return uuidPattern.test(rest) ? rest : undefined;
}

/** What the event leaves out (the client sends no nulls) stays as it was. */
function attributesOf(fields: NonNullable<ReturnType<typeof objectField>>): Attributes {
  const policy = objectField(fields, 'empirical_policy');
  return withoutUndefined({
    name: textField(fields, 'name'),
    taskKey: textField(fields, 'task_key'),
    dynamicKey: textField(fields, 'dynamic_key'),
    cacheKey: textField(fields, 'cache_key'),
    cacheExpiration: timeField(fields, 'cache_expiration'),
    taskVersion: textField(fields, 'task_version'),
    policy: policy === undefined ? undefined : policyFromFields(policy),
    tags: textsField(fields, 'tags'),
    labels: objectField(fields, 'labels'),
    taskInputs: objectField(fields, 'task_inputs'),
    runCount: numberField(fields, 'run_count'),
    flowRunRunCount: numberField(fields, 'flow_run_run_count'),
    expectedStartTime: timeField(fields, 'expected_start_time'),
    nextScheduledStartTime: timeField(fields, 'next_scheduled_start_time'),
    startTime: timeField(fields, 'start_time'),
    endTime: timeField(fields, 'end_time'),
    totalRunTimeMs: durationMsField(fields, 'total_run_time'),
  });
}

function withoutUndefined(fields: { readonly [Name in keyof Attributes]: Attributes[Name] | undefined }): Attributes {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/**
 * The run after a report; the very same object when the report is older than what is known.
 *
 * @param created when we first heard of it, epoch ms
 */
export function applyReport(before: TaskRun | undefined, report: TaskRunReport, created: number): TaskRun {
  if (before !== undefined && !isNewer(before, report)) return before;
  const { state, attributes } = report;
  // The client sends no nulls: a run that waits for no time, or that has not ended, says nothing of it.
  const { nextScheduledStartTime: _next, endTime, ...known } = before ?? blank(report, created);
  const childFlowRunIds = childrenOf(known, state);
  const end = isTerminal(state.type) && endTime !== undefined ? { endTime } : {};
  const after = { ...known, ...end, ...attributes, state, updated: created };
  return childFlowRunIds === undefined ? after : { ...after, childFlowRunIds };
}

/**
 * By time, as Prefect judges. A run that waits in the background was recorded by our clock: whatever its worker says
 * of it came later, even if the worker's clock is behind.
 */
function isNewer(before: TaskRun, { state }: TaskRunReport): boolean {
  const hasOnlyWaited = before.queuedAt !== undefined && before.state.type === 'SCHEDULED' && before.runCount === 0;
  if (hasOnlyWaited && state.type !== 'SCHEDULED') return true;
  return state.timestamp > before.state.timestamp;
}

function blank(report: TaskRunReport, created: number): TaskRun {
  return {
    id: report.taskRunId,
    version: 0,
    created,
    updated: created,
    name: report.taskKey,
    taskKey: report.taskKey,
    dynamicKey: report.dynamicKey,
    policy: {},
    tags: [],
    labels: {},
    taskInputs: {},
    state: report.state,
    runCount: 0,
    flowRunRunCount: 0,
    expectedStartTime: report.state.timestamp,
    totalRunTimeMs: 0,
  };
}
