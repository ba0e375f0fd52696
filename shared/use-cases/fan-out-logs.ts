// Log lines to those who watch: first into the queue `events`, then to the connections whose filter they fit.
// Rule: nobody pays for watching unless somebody watches, and whoever logs never waits for a watcher.
import type { LogLine } from '../domain/catalogue.ts';
import { type LogFilter, matchesLog } from '../domain/filter/log-filter.ts';
import type { Connections, Subscriber } from '../ports/connections.ts';
import type { LogLineQueue } from '../ports/events-queue.ts';
import type { Telemetry } from '../telemetry/events.ts';
import { type ServeDeps, serveWatcher } from './serve-watcher.ts';

/** The frame of a line, as `/logs/out` sends it. */
export type RenderLog = (line: LogLine) => string;

export type AnnounceLogsDeps = {
  readonly connections: Pick<Connections, 'subscribers'>;
  readonly logLines: LogLineQueue;
  readonly telemetry: Pick<Telemetry, 'logsNotAnnounced'>;
};

/**
 * After the lines were stored: hands those that somebody watches to the queue. It never fails; the lines are kept,
 * and a watcher that comes back reads them.
 */
export async function announceLogs(deps: AnnounceLogsDeps, lines: readonly LogLine[]): Promise<void> {
  try {
    const subscribers = await deps.connections.subscribers('logs-out');
    const wanted = lines.filter((line) => subscribers.some((subscriber) => wants(subscriber, line)));
    if (wanted.length > 0) await deps.logLines.send(wanted);
  } catch (error) {
    deps.telemetry.logsNotAnnounced(lines.length, error);
  }
}

export type FanOutLogsDeps = ServeDeps & {
  readonly connections: Pick<Connections, 'subscribers' | 'remove'>;
  readonly renderLog: RenderLog;
};

/** Behind the queue: each subscriber gets the lines of its filter in their order. Seen twice, a line goes out twice. */
export async function fanOutLogs(deps: FanOutLogsDeps, lines: readonly LogLine[]): Promise<void> {
  const subscribers = await deps.connections.subscribers('logs-out');
  await Promise.all(
    subscribers.map((subscriber) => {
      const wanted = lines.filter((line) => wants(subscriber, line));
      return serveWatcher(deps, subscriber, wanted.map(deps.renderLog));
    }),
  );
}

/** The filter was checked when it came in. */
function wants({ subscription }: Subscriber, line: LogLine): boolean {
  return matchesLog(subscription.filter as LogFilter, line);
}
