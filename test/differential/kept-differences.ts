// Differences from Prefect's server that we keep on purpose, as the differential sequences meet them.
// Each has its reason; docs/kept-differences.md tells the same to readers, and a test compares both.
import type { Step } from './sequences/step.ts';

export type Seen = {
  readonly route: string;
  readonly at: string;
  readonly step: Step;
  readonly theirs: unknown;
  readonly ours: unknown;
};

export type KeptDifference = {
  readonly route: RegExp;
  /** The place in the answer, `.status` or below `.body`. */
  readonly at: RegExp;
  readonly allows?: (seen: Seen) => boolean;
  readonly reason: string;
};

export const keptDifferences: readonly KeptDifference[] = [
  {
    route: /./,
    at: /^\.status$/,
    allows: ({ theirs, ours }) => Number(theirs) >= 500 && Number(ours) < 500,
    reason: 'a request that breaks Prefect is answered, not failed',
  },
  {
    route: /./,
    at: /^\.status$/,
    allows: ({ theirs, ours, step }) =>
      theirs === 200 &&
      ours === 422 &&
      /"\w*(?:_before|_after|_start|_end|_time|since|until|before_|after_)":-?[\d.]+/.test(
        JSON.stringify(step.body ?? null),
      ),
    reason: 'a moment is text, as the OpenAPI document says; Prefect takes numbers as seconds since 1970',
  },
  {
    route: /^(?:POST|GET|PATCH) \/(?:flow_runs|deployments|work_)/,
    at: /\.job_variables$/,
    allows: ({ theirs, ours }) => theirs === null && JSON.stringify(ours) === '{}',
    reason: 'a run without job variables has {}; with an idempotency key or a state, Prefect answers null',
  },
  {
    route: /^POST \/(?:flow_runs|task_runs|deployments)\/$/,
    at: /^\.status$/,
    allows: ({ theirs, ours }) => theirs === 409 && ours === 404,
    reason: 'a new thing of a flow that is not there answers 404; 409 means that the thing exists already',
  },
  {
    route: /queues/,
    at: /\.status$/,
    allows: ({ theirs, ours }) => ['NOT_READY', 'READY'].includes(String(theirs)) && ours === 'PAUSED',
    reason: 'a queue that is made paused is PAUSED; Prefect says so only after a change',
  },
  {
    route: /deployments/,
    at: /\.max_scheduled_runs$|\[\]\.parameters\.\w+$/,
    allows: ({ theirs }) => theirs === null || theirs === undefined,
    reason:
      'parameters and the most runs of a schedule are kept when it comes with its deployment; Prefect forgets them',
  },
  {
    route: /^GET \/block_types\/slug\/secret$/,
    at: /^\.body\.(?:description|code_example|logo_url|documentation_url)$/,
    reason: 'built-in block types are described in our own words',
  },
  {
    route: /^POST \/concurrency_limits\/increment$/,
    at: /^\.status$/,
    allows: ({ theirs, ours }) => theirs === 423 && ours === 200,
    reason: 'a task run holds the slots of its tags once, however often it asks',
  },
  {
    route: /./,
    at: /^\.status$/,
    allows: ({ theirs, ours }) => theirs === 405 && ours === 404,
    reason: 'a path asked by a method that it does not have is an unknown route: 404, not 405',
  },
  {
    route: /^GET \/work_queues\/name\//,
    at: /^\.status$/,
    allows: ({ theirs, ours }) => theirs === 200 && ours === 404,
    reason: 'a queue by its name alone is one of the default pool; Prefect takes any pool that has one',
  },
  {
    route: /^POST \/deployments\/(?:\{\}\/create_flow_run)?$/,
    at: /^\.status$/,
    allows: ({ theirs, ours }) => [theirs, ours].every((status) => [400, 404, 409, 422].includes(Number(status))),
    reason: 'of several things wrong with a new deployment or a run of it, another one is told first',
  },
  {
    route: /^POST \/flow_runs\/bulk_set_state$/,
    at: /\.state_details\./,
    reason: 'in the answer about many runs, each state has the details of its own run',
  },
  {
    route: /./,
    at: /^\.status$/,
    allows: ({ theirs, ours, step }) =>
      Number(theirs) < 300 && ours === 422 && /:true/.test(JSON.stringify(step.body ?? null)),
    reason: 'true is no number; Prefect takes it for 1',
  },
  {
    route: /^POST \/flow_runs\/lateness$/,
    at: /^\.body$/,
    allows: ({ theirs, ours }) => typeof theirs === 'number' && typeof ours === 'number',
    reason: 'lateness counts to the moment of the request, to the millisecond',
  },
  {
    route: /get_scheduled_flow_runs$/,
    at: /^\.body\.length$/,
    allows: ({ theirs, ours }) =>
      Array.isArray(theirs) &&
      Array.isArray(ours) &&
      ours.filter((entry) => !isPlanned(entry)).length === theirs.length,
    reason: 'runs of a schedule are there once the deployment is saved; Prefect plans them some seconds later',
  },
  {
    route: /get_scheduled_flow_runs$/,
    at: /^\.body\[\]\.flow_run\.(?:state|work_pool_id|work_pool_name|work_queue_name)$/,
    allows: ({ theirs }) => theirs === null || theirs === undefined,
    reason: 'a run that a worker polls comes with its state, pool and queue; Prefect leaves them out',
  },
  {
    route: /./,
    at: /\.empirical_policy\.resuming$/,
    allows: ({ theirs, ours }) => theirs === true && ours === false,
    reason: 'false as soon as it runs or is over',
  },
  {
    route: /./,
    at: /\.run_count$/,
    allows: ({ theirs, ours }) => Number(theirs) > Number(ours),
    reason: 'a pause is no retry: it would eat up one of the flow',
  },
  {
    route: /^GET \/automations\/|^POST \/automations\/filter$/,
    at: /\.enabled$/,
    allows: ({ theirs, ours }) => theirs === false && ours === true,
    reason: 'an automation that is replaced is enabled unless the new one says otherwise; Prefect keeps the old switch',
  },
  {
    route: /queues/,
    at: /\.priority$/,
    allows: ({ theirs, ours }) => typeof theirs === 'number' && typeof ours === 'number',
    reason:
      'no two queues of a pool have one priority, whichever route sets it; `PATCH /work_queues/{id}` of Prefect lets them',
  },
  {
    route: /^POST \/(?:deployments|flow_runs|flows|task_runs)\//,
    at: /^\.body/,
    allows: ({ step }) => /"work_queue_name":\{"any_":\["default"/.test(JSON.stringify(step.body ?? null)),
    reason:
      'a filter by work queue name means the name that a deployment shows; Prefect misses those in a default queue',
  },
  {
    route: /./,
    at: /\.data$/,
    allows: ({ theirs, ours }) => theirs === null && JSON.stringify(ours) === '{"type":"unpersisted"}',
    reason:
      'the note that a result was not kept stays with its state; Prefect leaves it out when it reads the state again',
  },
];

export function keptDifference(seen: Seen): KeptDifference | undefined {
  return keptDifferences.find(
    ({ route, at, allows }) => route.test(seen.route) && at.test(seen.at) && (allows?.(seen) ?? true),
  );
}

/** A run that a schedule made, by itself or in what a worker is given. */
function isPlanned(entry: unknown): boolean {
  return /"auto_scheduled":true/.test(JSON.stringify(entry));
}
