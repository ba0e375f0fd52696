// Everything that users build into flows, with the client of this project, on both transports of the sockets.

import { afterAll, beforeAll, describe, it } from 'vitest';
import { programChecks } from './feature-checks.ts';
import { elsewhereChecks, flowChecks, waitingChecks } from './feature-checks-flows.ts';
import { keptChecks } from './feature-checks-kept.ts';
import { taskChecks } from './feature-checks-tasks.ts';
import { type FeatureRun, runFeatures } from './feature-run.ts';

describe.each(['local', 'aws'] as const)('with the transport %s', (sockets) => {
  let run: FeatureRun;

  beforeAll(async () => {
    run = await runFeatures({ client: 'prefect', sockets });
  });

  afterAll(() => run?.close());

  it.each(programChecks)('programs %s', (_, check) => check(run));
  it.each(taskChecks)('tasks %s', (_, check) => check(run));
  it.each(flowChecks)('flows %s', (_, check) => check(run));
  it.each(waitingChecks)('flows that wait %s', (_, check) => check(run));
  it.each(elsewhereChecks)('flows that run elsewhere %s', (_, check) => check(run));
  it.each(keptChecks)('what is kept %s', (_, check) => check(run));
});
