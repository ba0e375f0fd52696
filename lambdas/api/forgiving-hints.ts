// Hints that may fail: what they are about stands in the table, and the clock hints again. A request whose run is
// recorded must not be answered 503 for want of a hint: the client would repeat it and record the run twice.
import type { Hints } from '../../shared/ports/hints.ts';
import type { Log } from '../../shared/telemetry/log.ts';

export function forgivingHints(hints: Hints, log: Log): Hints {
  const forgive = async (sending: Promise<void>, kind: string) => {
    try {
      await sending;
    } catch (error) {
      log('WARN', 'hint not sent', { kind, error: error instanceof Error ? error.message : String(error) });
    }
  };
  return {
    submit: (sent, options) => forgive(hints.submit(sent, options), 'submit'),
    observe: (sent, options) => forgive(hints.observe(sent, options), 'observe'),
  };
}
