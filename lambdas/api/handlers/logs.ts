// Log lines. They are kept by run, so a list of them names the runs it wants.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { logRoutes } from '../../../shared/contract/logs.ts';
import { type LogFilter, matchesLog } from '../../../shared/domain/filter/log-filter.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import { logToWire } from '../wire/catalogue.ts';
import { orNone, present } from '../wire/present.ts';
import { cut, windowOf } from './paging.ts';

/** Lines of so many runs can be merged in one list. */
const mostRuns = 50;

/** A task that runs without a flow has its lines under its own id. */
function runsOf(filter: LogFilter | null | undefined): readonly string[] {
  const ids = filter?.flow_run_id?.any_ ?? filter?.task_run_id?.any_;
  if (filter?.operator === 'or_' || !ids) {
    throw new Refusal('invalid_request', 'log lines are kept by run: add logs.flow_run_id.any_');
  }
  if (ids.length > mostRuns) {
    throw new Refusal(
      'invalid_request',
      `log lines of at most ${mostRuns} runs can be listed at once, got ${ids.length}`,
    );
  }
  return ids;
}

export const logHandlers = {
  async create_logs({ body }, { logs, world }) {
    const created = world.now();
    await logs.append(
      body.map((line) =>
        present({
          id: world.newId(),
          created,
          name: line.name,
          level: line.level,
          message: line.message,
          timestamp: line.timestamp,
          flowRunId: orNone(line.flow_run_id),
          taskRunId: orNone(line.task_run_id),
        }),
      ),
    );
  },

  async read_logs({ body }, { logs }) {
    const window = windowOf(body);
    const filter = body.logs;
    const perRun = await Promise.all(runsOf(filter).map((id) => logs.readRun(id)));
    const matching = perRun.flat().filter((line) => !filter || matchesLog(filter, line));
    const direction = body.sort === 'TIMESTAMP_DESC' ? -1 : 1;
    return cut(
      matching.toSorted((one, other) => direction * (one.timestamp - other.timestamp)),
      window,
    ).map(logToWire);
  },
} satisfies Handlers<typeof logRoutes, ApiDeps>;
