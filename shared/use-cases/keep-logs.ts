// Keeps log lines for as long as the pool of their run says. Lines of runs that nobody knows, which may come after a
// run was deleted, are kept for a week only.
import type { LogLine } from '../domain/catalogue.ts';
import { retentionDays } from '../domain/work-pool/log-retention.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { Logs, NewLogLine } from '../ports/logs.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';

export type KeepLogsDeps = {
  readonly world: Pick<World, 'now'>;
  readonly logs: Pick<Logs, 'append'>;
  readonly runs: Pick<Runs, 'read'>;
  readonly catalogue: { readonly workPools: Pick<Catalogue['workPools'], 'read'> };
  /** What this process knows already; lines of a run come every two seconds. */
  readonly retention?: Map<string, { readonly at: number; readonly days: number | undefined }>;
};

const strangerDays = 7;
const knownForMs = 60_000;
const mostKnown = 5_000;
const dayMs = 86_400_000;

/** @returns the lines with their ids, in the order in which they were stored */
export async function keepLogs(deps: KeepLogsDeps, lines: readonly NewLogLine[]): Promise<readonly LogLine[]> {
  const now = deps.world.now();
  const runIds = [...new Set(lines.flatMap(({ flowRunId }) => flowRunId ?? []))];
  const days = new Map(await Promise.all(runIds.map(async (id) => [id, await daysOf(deps, id, now)] as const)));
  const expiresAt = (ownerId: string): number | undefined => {
    const kept = days.get(ownerId);
    return kept === undefined ? undefined : now + kept * dayMs;
  };
  return deps.logs.append(lines, { expiresAt });
}

async function daysOf(deps: KeepLogsDeps, runId: string, now: number): Promise<number | undefined> {
  const known = deps.retention?.get(runId);
  if (known !== undefined && now - known.at < knownForMs) return known.days;
  const run = await deps.runs.read(runId);
  const pool = run?.workPoolName === undefined ? undefined : await deps.catalogue.workPools.read(run.workPoolName);
  const days = run === undefined ? strangerDays : pool === undefined ? undefined : retentionDays(pool);
  const [oldest] = deps.retention?.keys() ?? [];
  if (deps.retention !== undefined && deps.retention.size >= mostKnown && oldest !== undefined)
    deps.retention.delete(oldest);
  deps.retention?.set(runId, { at: now, days });
  return days;
}
