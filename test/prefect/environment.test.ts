// Exactly what of an environment a task sees: what the stack sets, what the user adds, nothing of the operator's.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestProject, type TestProject } from './test-project.ts';

const planted = 'planted-by-the-operator';
const variables = z.record(z.string(), z.string());

let project: TestProject;

beforeAll(async () => {
  const environment = {
    PLANTED: planted,
    AWS_SECRET_ACCESS_KEY: planted,
    AWS_SESSION_TOKEN: planted,
    PREFECT_API_KEY: planted,
    PREFECT_API_URL: `http://${planted}/api`,
    PREFECT_LOGGING_LEVEL: planted,
    PYTHONSTARTUP: planted,
    SLIPWAY_AUTH_SECRET_ARN: planted,
  };
  project = await startTestProject({ deployments: ['dump', 'weigh', 'plain-env'], environment });
});

afterAll(() => project?.close());

describe('a flow in the engine', () => {
  let id: string;
  let found: z.output<typeof variables>;
  beforeAll(async () => {
    const file = path.join(project.stack.folder, 'environment.json');
    id = await project.prefect.trigger(['dump/dump', '--param', `file=${JSON.stringify(file)}`]);
    await project.seen.untilEnded(id, 'COMPLETED');
    found = variables.parse(JSON.parse(await readFile(file, 'utf8')));
  });

  // PREFECT__DEPLOYMENT_NAME is in the container, but `prefect flow-run execute` does not hand it to its engine.
  it('finds the API, its run, flow and deployment, and its settings', async () => {
    const run = await project.seen.run(id);

    expect(found).toMatchObject({
      PREFECT_API_URL: project.stack.url,
      PREFECT__FLOW_RUN_ID: id,
      PREFECT__FLOW_ID: run['flow_id'],
      PREFECT__FLOW_NAME: 'dump',
      PREFECT__DEPLOYMENT_ID: run['deployment_id'],
      PREFECT_FLOWS_HEARTBEAT_FREQUENCY: '60',
      PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR: 'relinquish',
    });
    const headers: unknown = JSON.parse(found['PREFECT_CLIENT_CUSTOM_HEADERS'] ?? '');
    expect(headers).toEqual({ 'X-Slipway-Run': id, 'X-Slipway-Attempt': '1' });
  });

  it('finds neither an auth string, nor a UI, nor logging settings, since nobody set them', () => {
    const unset = Object.keys(found).filter((name) => /^PREFECT_(API_AUTH|API_KEY|UI_URL|LOGGING)/.test(name));

    expect(unset).toEqual([]);
  });

  it('finds nothing of the operator', () => {
    expect(JSON.stringify(found)).not.toContain(planted);
  });
});

describe('a flow that is given 450 KB of parameters', () => {
  it('has them whole, though its task is told no more than its id', async () => {
    const file = path.join(project.stack.folder, 'weight');
    const text = Array.from({ length: 450 }, (_, at) => `${at} ü`.padEnd(1_000, '-')).join('');
    const named = await project.seen.call('/deployments/name/weigh/weigh', z.looseObject({ id: z.string() }));

    const created = await project.seen.call(
      `/deployments/${named.id}/create_flow_run`,
      z.looseObject({ id: z.string() }),
      { parameters: { text, file } },
    );
    await project.seen.untilEnded(created.id, 'COMPLETED');

    const hash = createHash('sha256').update(text).digest('hex');
    expect(await readFile(file, 'utf8')).toBe(`450000 ${hash}`);
    const { overrides } = await project.seen.task(created.id);
    expect(JSON.stringify(overrides).length).toBeLessThan(8_192);
  });
});

describe('a plain container', () => {
  let id: string;
  let found: ReadonlyMap<string, string>;
  beforeAll(async () => {
    id = await project.prefect.trigger(['dump/plain-env']);
    await project.seen.untilEnded(id, 'COMPLETED');
    const lines = await project.seen.output(id);
    found = new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  });

  it('sees these variables and no other', () => {
    // The last but one is the mark by which the local ECS finds the processes of a container.
    expect([...found.keys()].sort()).toEqual([
      'COLOUR',
      'HOME',
      'LANG',
      'PATH',
      'PREFECT_API_URL',
      'PREFECT_CLIENT_CUSTOM_HEADERS',
      'PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR',
      'PREFECT_LOGGING_LEVEL',
      'PREFECT__DEPLOYMENT_ID',
      'PREFECT__DEPLOYMENT_NAME',
      'PREFECT__FLOW_ID',
      'PREFECT__FLOW_NAME',
      'PREFECT__FLOW_RUN_ID',
      'SLIPWAY_LOCAL_CONTAINER',
      'TMPDIR',
    ]);
    expect([...found.values()].join('\n')).not.toContain(planted);
  });

  it('is told its flow and deployment by name', () => {
    expect(found.get('PREFECT__FLOW_NAME')).toBe('dump');
    expect(found.get('PREFECT__DEPLOYMENT_NAME')).toBe('plain-env');
  });

  it('finds the programs of --python first on its PATH', () => {
    expect(found.get('PATH')?.split(':')[0]).toBe(project.prefect.python.bin);
  });

  it("sees the user's env, a null removes, but its run id and its attempt stay ours", () => {
    expect(Object.fromEntries(found)).toMatchObject({
      COLOUR: 'green',
      PREFECT_LOGGING_LEVEL: 'DEBUG',
      PREFECT__FLOW_RUN_ID: id,
    });
    expect(JSON.parse(found.get('PREFECT_CLIENT_CUSTOM_HEADERS') ?? '')).toEqual({
      'X-Team': 'blue',
      'X-Slipway-Run': id,
      'X-Slipway-Attempt': '1',
    });
  });
});
