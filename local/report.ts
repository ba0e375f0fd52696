// What the local stack itself has to say beside the Lambdas' own logs: one JSON line each, into the same file.

export type Report = (message: string, facts?: Readonly<Record<string, unknown>>) => void;

/** A reporter that writes lines through `write`; errors in the facts become their text, the cause included. */
export function createReport(write: (line: string) => void): Report {
  return (message, facts = {}) => {
    const shown = Object.entries(facts).map(([name, value]) => [
      name,
      value instanceof Error ? errorText(value) : value,
    ]);
    const line = { timestamp: new Date().toISOString(), level: 'INFO', service: 'local', message };
    write(`${JSON.stringify({ ...line, ...Object.fromEntries(shown) })}\n`);
  };
}

function errorText(error: Error): string {
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${text}\ncaused by ${errorText(error.cause)}` : text;
}
