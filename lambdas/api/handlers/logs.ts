// Log lines.
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { flowRunLogRoutes, logRoutes } from '../../../shared/contract/logs.ts';
import type { ApiDeps } from '../deps.ts';
import { found } from '../refusal.ts';
import { logToWire } from '../wire/catalogue.ts';
import { orNone, present } from '../wire/present.ts';
import { csvOfRun } from './download-logs.ts';
import { findLogs } from './find-logs.ts';
import { windowOf } from './paging.ts';

export const logHandlers = {
  async create_logs({ body }, { keepLogs, world, announceLogs }) {
    const created = world.now();
    const lines = await keepLogs(
      body.map((line) =>
        present({
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
    await announceLogs(lines);
  },

  async read_logs({ body }, deps) {
    const order = body.sort === 'TIMESTAMP_DESC' ? 'DESC' : 'ASC';
    const lines = await findLogs(deps, { filter: body.logs, order, window: windowOf(body) });
    return lines.map(logToWire);
  },
} satisfies Handlers<typeof logRoutes, ApiDeps>;

export const flowRunLogHandlers = {
  async download_logs({ params }, deps) {
    const run = found(await deps.runs.read(params.id), 'Flow run not found');
    return { text: await csvOfRun(deps, run.id), fileName: `${run.name}-logs.csv` };
  },
} satisfies Handlers<typeof flowRunLogRoutes, ApiDeps>;
