// Structured logs and metrics: one JSON object a line, as CloudWatch wants them (metrics in Embedded Metric Format).
// The message is constant, the facts are fields; no secret and no user's payload ever comes here.

export type LogLevel = 'INFO' | 'WARN' | 'ERROR';
export type LogFields = Readonly<Record<string, unknown>>;
export type Log = (level: LogLevel, message: string, fields: LogFields) => void;

export function createLog(step: string, write: (line: string) => void, now: () => number): Log {
  return (level, message, fields) =>
    write(JSON.stringify({ level, message, step, timestamp: new Date(now()).toISOString(), ...fields }));
}

/** A line that CloudWatch turns into a metric. Dimensions stay few: the step alone. */
export function metricFields(namespace: string, name: string, timestamp: number): Readonly<Record<string, unknown>> {
  return {
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [{ Namespace: namespace, Dimensions: [['step']], Metrics: [{ Name: name, Unit: 'Count' }] }],
    },
    [name]: 1,
  };
}

/** Straight to the process's output: Lambda's own console would put a prefix before the JSON, and hide metrics in it. */
export function standardOutput(line: string): void {
  process.stdout.write(`${line}\n`);
}
