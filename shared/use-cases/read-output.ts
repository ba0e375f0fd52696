// What the containers of a run wrote, attempt by attempt: where the run's own log has nothing, this tells why.
import { outputPlace } from '../domain/task/output-place.ts';
import type { ContainerOutput, OutputLine } from '../ports/container-output.ts';
import type { Families } from '../ports/families.ts';
import type { Runs } from '../ports/runs.ts';

export type ReadOutputDeps = {
  readonly runs: Pick<Runs, 'readAttempts'>;
  readonly families: Pick<Families, 'read'>;
  readonly output: ContainerOutput;
};

export async function* readOutput(deps: ReadOutputDeps, runId: string): AsyncGenerator<readonly OutputLine[]> {
  for (const attempt of await deps.runs.readAttempts(runId)) {
    if (attempt.taskArn === undefined) continue;
    // A task definition of the user's own tells us nothing of its log.
    const family = await deps.families.read(attempt.family);
    const place = family === undefined ? undefined : outputPlace(family.definition, attempt.container, attempt.taskArn);
    if (place !== undefined) yield* deps.output.read(place);
  }
}
