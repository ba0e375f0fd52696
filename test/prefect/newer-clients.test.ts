// The same flows with the clients just before and after the one of this project; beside the older ones, so that both
// files can be played at once.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { everyCheck } from './every-check.ts';
import { type FeatureRun, type FeatureRunOptions, runFeatures } from './feature-run.ts';

/** A row for each client: its pinned file, a transport, and what it cannot do by itself. */
const rows: readonly FeatureRunOptions[] = [
  // The runner of 3.6.29 gives the loader of flows a client in the place of the run, so that no hook is found.
  { client: 'prefect-3.6', sockets: 'local', unable: { cancelling: /no hook within/ } },
  { client: 'prefect-latest', sockets: 'aws' },
];

describe.each(rows)('with $client and the transport $sockets', (options) => {
  let run: FeatureRun;

  beforeAll(async () => {
    run = await runFeatures(options);
  });

  afterAll(() => run?.close());

  it.each(everyCheck)('does as the client of this project: %s', (_, check) => check(run));
});
