// The same flows with older clients, and with the latest.

import { afterAll, beforeAll, describe, it } from 'vitest';
import { programChecks } from './feature-checks.ts';
import { elsewhereChecks, flowChecks, waitingChecks } from './feature-checks-flows.ts';
import { keptChecks } from './feature-checks-kept.ts';
import { taskChecks } from './feature-checks-tasks.ts';
import { type FeatureRun, type FeatureRunOptions, runFeatures } from './feature-run.ts';

/** A row for each client: its pinned file, a transport, and what it cannot do by itself. */
const rows: readonly FeatureRunOptions[] = [
  { client: 'prefect-3.1', sockets: 'aws' },
  { client: 'prefect-3.4', sockets: 'local' },
  // The runner of 3.6.29 gives the loader of flows a client in the place of the run, so that no hook is found.
  { client: 'prefect-3.6', sockets: 'local', unable: { cancelling: /no hook within/ } },
  { client: 'prefect-latest', sockets: 'aws' },
];
const everyCheck = [
  ...programChecks,
  ...taskChecks,
  ...flowChecks,
  ...waitingChecks,
  ...elsewhereChecks,
  ...keptChecks,
];

describe.each(rows)('with $client and the transport $sockets', (options) => {
  let run: FeatureRun;

  beforeAll(async () => {
    run = await runFeatures(options);
  });

  afterAll(() => run?.close());

  it.each(everyCheck)('does as the client of this project: %s', (_, check) => check(run));
});
