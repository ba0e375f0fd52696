// That the programs of `project` went through, and that nothing was passed over on the way.
// Rule: what a client cannot do is named, and it is checked that it still cannot.

import { expect } from 'vitest';
import type { FeatureCheck } from './feature-run.ts';

const features = 23;

export const programChecks: readonly FeatureCheck[] = [
  [
    'get an answer to everything that they ask for',
    (run) => {
      const failed = run.all.filter(({ error }) => error !== undefined);
      const expected = Object.entries(run.unable).map(([name, error]) => ({
        name,
        error: expect.stringMatching(error),
      }));

      expect(run.features.exitCode, run.features.output).toBe(0);
      expect(run.all).toHaveLength(features);
      expect(failed).toEqual(expected.map((one) => expect.objectContaining(one)));
    },
  ],
  [
    'lose no connection',
    (run) => {
      expect(run.features.output).not.toMatch(/unable to connect|connection (closed|lost)|retrying in .* second/i);
    },
  ],
];
