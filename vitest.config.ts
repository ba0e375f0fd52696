// How vitest runs the tests: one project a part, so that `npx vitest run FILE` gets the time limits of its part.
// Nothing is skipped or retried to make a run pass.

import { defineConfig } from 'vitest/config';
import { type TestPart, testParts } from './scripts/suite/parts.ts';

export default defineConfig({
  test: {
    watch: false,
    passWithNoTests: false,
    allowOnly: false,
    projects: testParts.map(projectOf),
  },
});

function projectOf(part: TestPart) {
  return {
    extends: true as const,
    test: {
      name: part.name,
      include: part.folders.map((folder) => `test/${folder}/**/*.test.ts`),
      environment: 'node' as const,
      pool: 'forks' as const,
      testTimeout: part.testTimeoutSeconds * 1000,
      hookTimeout: part.hookTimeoutSeconds * 1000,
      sequence: { concurrent: false, shuffle: false },
    },
  };
}
