// Which waiting runs their schedules have overtaken: what the rule of catching up asks is read here, for overdue runs of
// deployments that want other than Prefect's way alone.
import type { CatchUpRule, OverdueRun } from '../domain/schedule/catch-up.ts';
import type { Runs } from '../ports/runs.ts';
import type { World } from '../ports/world.ts';

export type OvertakenDeps = { readonly world: Pick<World, 'now'>; readonly runs: Pick<Runs, 'readMany'> };

/** Why each of them is not to be started, by its id. */
export async function overtakenRuns<Candidate extends OverdueRun>(
  { world, runs }: OvertakenDeps,
  candidates: readonly Candidate[],
  ruleOf: (candidate: Candidate) => CatchUpRule | undefined,
): Promise<ReadonlyMap<string, string>> {
  const now = world.now();
  const verdicts = candidates.flatMap((candidate) => {
    const verdict = ruleOf(candidate)?.(candidate, now);
    return verdict === undefined || verdict.kind === 'start' ? [] : [{ runId: candidate.runId, verdict }];
  });
  const asked = verdicts.flatMap(({ verdict }) => (verdict.kind === 'skip-if-any' ? verdict.newer : []));
  const heads = asked.length === 0 ? [] : await runs.readMany([...new Set(asked)]);
  const there = new Set(heads.map(({ id }) => id));
  const skipped = verdicts.filter(
    ({ verdict }) => verdict.kind === 'skip' || verdict.newer.some((id) => there.has(id)),
  );
  return new Map(skipped.map(({ runId, verdict }) => [runId, verdict.reason]));
}
