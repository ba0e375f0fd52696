// docs/prefect-coverage.md: every operation of Prefect's API, served or not, and where ours answers differently.

import type { Operation } from './document.ts';
import { findPrefect, type PrefectOperation } from './drift.ts';

/** Why a group of routes, by the start of their paths, is not served yet; the first that fits is said. */
const reasons: readonly (readonly [start: string, reason: string])[] = [
  ['/task_run', 'task runs are recorded from the event socket, which is not there yet'],
  ['/ui/task_runs', 'task runs are recorded from the event socket, which is not there yet'],
  ['/task_workers', 'background tasks need the task socket, which is not there yet'],
  ['/events', 'events are kept once the event socket is there'],
  ['/automations', 'nothing triggers on events yet; the lists are empty'],
  ['/templates', 'belongs to automations'],
  ['/concurrency_limits', 'limits cannot be created yet; the list is empty'],
  ['/v2/concurrency_limits', 'limits cannot be created yet; the list is empty, and unknown names hold nobody back'],
  ['/block_', 'blocks cannot be created yet'],
  ['/artifacts', 'artifacts are not kept yet'],
  ['/saved_searches', 'belongs to the web page'],
  ['/ui', 'belongs to the web page'],
  ['/admin/storage', 'needs blocks'],
  ['/flow_runs/{id}/graph', 'needs task runs'],
  ['/flow_runs/{id}/input', 'inputs of paused runs are not kept yet'],
  ['/flow_runs/{id}/resume', 'inputs of paused runs are not kept yet'],
  ['/deployments/{id}/schedule', 'runs are not planned ahead yet'],
];

/** What a client can notice although the route is served. */
const differences = [
  '`POST /flow_runs/filter` and its kin read at most 5,000 runs, newest expected start first; beyond that the answer is 422 and names the filter to add. `id.any_` is served without that bound. `ID_DESC` means newest expected start first.',
  '`POST /flow_runs/count` without a filter, or by state type, flow, deployment, pool and queue alone, comes from counters that follow within a second or so.',
  '`POST /logs/filter` needs `logs.flow_run_id.any_` (or `task_run_id.any_` for a task without a flow).',
  '`POST /task_runs/filter` is always empty and `/count` is 0: task runs come with the sockets. `POST /task_runs/` answers one that is not kept, so that subflows run; background tasks (`task.delay()`) are refused with 404.',
  '`GET /flow_run_states/{id}` is 404: states are found by their run.',
  'Unknown flows in `POST /deployments/` and `POST /flow_runs/` are 404, where Prefect answers 409.',
  'Parameters are kept as they are sent: values marked with `__prefect_kind` are not filled in.',
  'A work queue keeps its name; `PATCH` with another one is 422.',
  'Deleting a flow deletes its deployments and their waiting runs; runs that have started stay.',
  'An item has at most 400 KB (deployments, pools, variables, runs with their parameters); more is 413. A log line is cut at 64,000 characters.',
  '`like_` filters look for the text as it is; `%` and `_` are no wildcards.',
  'A deployment or pool of a push type is refused (422) when Fargate does not offer its size.',
];

export function coveragePage(
  ours: readonly Operation[],
  prefect: { version: string; operations: readonly PrefectOperation[] },
): string {
  const served = new Set(ours.map((operation) => findPrefect(operation, prefect.operations)));
  const rows = prefect.operations.map((operation) => {
    const status = served.has(operation) ? 'served' : `not there yet${reasonFor(operation)}`;
    return `| \`${operation.method} ${operation.path}\` | \`${operation.name}\` | ${status} |`;
  });
  return [
    '# Prefect’s REST API: what is served',
    '',
    '<!-- Written by scripts/openapi.ts. -->',
    '',
    `Compared with Prefect ${prefect.version}: ${served.size} of ${prefect.operations.length} operations are served. `.trim(),
    'Every other path answers 404 `{"detail":"Not Found"}`, and so does every WebSocket upgrade until the sockets are there.',
    '',
    '## Where answers differ',
    '',
    ...differences.map((difference) => `- ${difference}`),
    '',
    '## Operations',
    '',
    '| Operation | Function | Status |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function reasonFor({ path }: PrefectOperation): string {
  const reason = reasons.find(([start]) => path.startsWith(start))?.[1];
  return reason === undefined ? '' : `: ${reason}`;
}
