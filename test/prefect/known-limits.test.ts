// What docs/known-limits.md says of a flow's features, shown by the real client.

import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestProject, type TestProject } from './test-project.ts';

let project: TestProject;
let output: string;

beforeAll(async () => {
  project = await startTestProject({ deployments: [] });
  const script = project.prefect.start('python', [path.join(project.folder, 'known_limits.py')]);
  ({ output } = await script.ended);
});

afterAll(() => project?.close());

it.each([
  ['task', 'got 1'],
  ['variable', 'got green'],
  ['concurrency', 'got held'],
  ['event', 'got colour.changed'],
])('serves a flow that asks for a %s', (feature, answer) => {
  expect(output.split('\n')).toContain(`${feature}: ${answer}`);
});

it.each([
  ['strict concurrency', 'ConcurrencySlotAcquisitionError'],
  ['artifact', "PrefectHTTPStatusError: Client error '404 Not Found'"],
  ['block', "PrefectHTTPStatusError: Client error '404 Not Found'"],
  ['background task', "PrefectHTTPStatusError: Client error '404 Not Found'"],
])('refuses a flow that asks for a %s, with an error that it can catch', (feature, error) => {
  const line = output.split('\n').find((text) => text.startsWith(`${feature}: `));

  expect(line).toContain(error);
});

it('says on stderr that no event got through, and completes the flow', () => {
  expect(output).toContain('Unable to connect to');
  expect(output).toContain('Finished in state Completed()');
});

it('refuses prefect events stream, which needs a socket', async () => {
  const answer = await project.prefect.run(['events', 'stream']);

  expect(answer.exitCode).toBe(1);
  expect(answer.output).toContain('HTTP 404');
});
