// A log line as a frame of `/logs/out`: the line as the REST API answers it, in an envelope.
import type { LogLine } from '../shared/domain/catalogue.ts';
import { isoText } from '../shared/domain/iso-time.ts';

export function logFrame(line: LogLine): string {
  return JSON.stringify({
    type: 'log',
    log: {
      id: line.id,
      created: isoText(line.created),
      updated: isoText(line.created),
      name: line.name,
      level: line.level,
      message: line.message,
      timestamp: isoText(line.timestamp),
      flow_run_id: line.flowRunId ?? null,
      task_run_id: line.taskRunId ?? null,
    },
  });
}
