// A run's log as a CSV file, as Prefect's server makes it. Where the flow itself said nothing, what its containers wrote
// stands there instead: a container that never reached the API still shows why.
import type { LogLine } from '../../../shared/domain/catalogue.ts';
import type { ApiDeps } from '../deps.ts';

/** Our own remarks: a log that has nothing else is empty. */
const ownLogger = 'slipway';
const outputLevel = 20;

export async function csvOfRun({ logs, readOutput }: ApiDeps, runId: string): Promise<string> {
  const rows = ['timestamp,level,flow_run_id,task_run_id,message'];
  let isSilent = true;
  for await (const { lines } of logs.read(runId, { order: 'ASC' })) {
    isSilent &&= lines.every(({ name }) => name === ownLogger);
    for (const line of lines) rows.push(rowOf(runId, line));
  }
  if (isSilent) {
    for await (const lines of readOutput(runId)) {
      for (const line of lines) rows.push(rowOf(runId, { ...line, level: outputLevel }));
    }
  }
  return `${rows.join('\r\n')}\r\n`;
}

type Row = Pick<LogLine, 'timestamp' | 'level' | 'message' | 'taskRunId'>;

function rowOf(runId: string, { timestamp, level, taskRunId = '', message }: Row): string {
  return [pythonTime(timestamp), level, runId, taskRunId, quoted(message)].join(',');
}

/** Python's way of writing a time: microseconds only where there are any. */
function pythonTime(timestamp: number): string {
  const micros = Math.round(timestamp * 1000) % 1_000_000;
  const [day = '', clock = ''] = new Date(Math.floor(timestamp)).toISOString().slice(0, 19).split('T');
  return `${day} ${clock}${micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`}+00:00`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
