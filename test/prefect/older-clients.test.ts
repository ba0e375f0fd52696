// The same flows with older clients.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { everyCheck } from './every-check.ts';
import { type FeatureRun, type FeatureRunOptions, runFeatures } from './feature-run.ts';

/** A row for each client: its pinned file and a transport. */
const rows: readonly FeatureRunOptions[] = [
  { client: 'prefect-3.1', sockets: 'aws' },
  { client: 'prefect-3.4', sockets: 'local' },
];

describe.each(rows)('with $client and the transport $sockets', (options) => {
  let run: FeatureRun;

  beforeAll(async () => {
    run = await runFeatures(options);
  });

  afterAll(() => run?.close());

  it.each(everyCheck)('does as the client of this project: %s', (_, check) => check(run));
});
