// One run of `project/features.py` with one client on a stack of its own, and what the API says about it afterwards.
// Rule: every program has ended before anything is asked, so what is missing then is lost.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import type { SocketTransport } from '../../shared/config/resources.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Ended } from './prefect-client.ts';
import { startTestProject, type TestProject } from './test-project.ts';

export type FeatureRunOptions = {
  /** The pinned file in `test/python`. */
  readonly client: string;
  readonly sockets: SocketTransport;
  /** Features that the client itself cannot do, with its error. */
  readonly unable?: Readonly<Record<string, RegExp>>;
};

/** What must be true afterwards: the title says of what, and what. */
export type FeatureCheck = readonly [title: string, check: (run: FeatureRun) => Promise<void> | void];

const flowRun = z.looseObject({
  id: z.string(),
  name: z.string(),
  state_type: z.string(),
  state_name: z.string(),
  run_count: z.number(),
  tags: z.array(z.string()),
  parent_task_run_id: z.string().nullable(),
  auto_scheduled: z.boolean(),
  state: z.looseObject({ message: z.string().nullable(), data: z.unknown() }),
});
const taskRun = z.looseObject({
  id: z.string(),
  name: z.string(),
  state_type: z.string(),
  state_name: z.string(),
  run_count: z.number(),
  tags: z.array(z.string()),
  flow_run_id: z.string().nullable(),
  task_inputs: z.record(z.string(), z.array(z.looseObject({ id: z.string().optional() }))),
});
export type ObservedTaskRun = z.output<typeof taskRun>;
const named = z.array(z.looseObject({ name: z.string() }));
const told = z.looseObject({ name: z.string(), came: z.unknown().optional(), error: z.string().optional() });
const limit = z.looseObject({ name: z.string(), active_slots: z.number() });

export type FeatureRun = {
  readonly project: TestProject;
  readonly unable: Readonly<Record<string, RegExp>>;
  /** What the programs wrote, for messages of failures. */
  readonly features: Ended;
  readonly background: Ended;
  readonly all: readonly z.output<typeof told>[];
  /** What `features.py` tells of one feature: `{ came: … }`, or `{ error: … }`. */
  told(feature: string): unknown;
  /** The flow runs of a flow, oldest first. */
  flowRuns(flow: string): Promise<z.output<typeof flowRun>[]>;
  /** The only run of a flow. */
  flowRun(flow: string): Promise<z.output<typeof flowRun>>;
  /** Task runs of a flow once there are this many that have come to rest, by name. */
  taskRuns(flow: string, count: number): Promise<ObservedTaskRun[]>;
  /** Task runs by their ids, oldest first, once all have come to rest. */
  taskRunsById(ids: readonly string[]): Promise<ObservedTaskRun[]>;
  /** Names of the states of a task run, in order. */
  taskStates(id: string): Promise<readonly string[]>;
  limits(): Promise<readonly z.output<typeof limit>[]>;
  close(): Promise<void>;
};

/** Runs everything to its end: a process that serves flows, one that serves tasks, and two that ask for things. */
export async function runFeatures({ client, sockets, unable = {} }: FeatureRunOptions): Promise<FeatureRun> {
  const project = await startTestProject({ deployments: [], client, environment: { SLIPWAY_SOCKETS: sockets } });
  try {
    const [features, background] = await runPrograms(project);
    return { unable, ...observeFeatures(project, features, background) };
  } catch (error) {
    await project.close();
    throw error;
  }
}

async function runPrograms(project: TestProject): Promise<readonly [Ended, Ended]> {
  const folder = path.join(project.stack.folder, 'told');
  await mkdir(folder);
  const start = (...args: readonly string[]) =>
    project.prefect.start('python', args, {
      cwd: project.folder,
      environment: { PREFECT_RUNNER_POLL_FREQUENCY: '1', PYTHONUNBUFFERED: '1' },
    });
  const servers = [start('offered.py'), start('background.py', 'serve')];
  const programs = [start('features.py', folder), start('background.py', 'delay', '3')];
  const [features, background] = await Promise.all(programs.map(({ ended }) => ended));
  for (const server of servers) server.kill('SIGINT');
  await Promise.all(servers.map(({ ended }) => ended));
  if (features === undefined || background === undefined) throw new Error('a program is missing, wanted both');
  return [features, background];
}

function observeFeatures(project: TestProject, features: Ended, background: Ended): Omit<FeatureRun, 'unable'> {
  const lines = [...features.output.matchAll(/^TOLD (.*)$/gm)].map(([, line = '']) => told.parse(JSON.parse(line)));
  const { call } = project.seen;
  const flowRuns: FeatureRun['flowRuns'] = (flow) =>
    call('/flow_runs/filter', z.array(flowRun), {
      flows: { name: { any_: [flow] } },
      sort: 'EXPECTED_START_TIME_ASC',
    });
  const settled = (what: string, count: number, filter: object) =>
    waitFor(what, async () => {
      const found = await call('/task_runs/filter', z.array(taskRun), filter);
      expect(found).toHaveLength(count);
      expect(found.map(({ state_name: name }) => name)).not.toContain('Running');
      return found;
    });
  return {
    project,
    features,
    background,
    all: lines,
    told: (feature) => {
      const { came, error } = lines.find(({ name }) => name === feature) ?? { error: 'not told' };
      return error === undefined ? { came } : { error };
    },
    flowRuns,
    flowRun: async (flow) => {
      const [only, ...others] = await flowRuns(flow);
      if (only === undefined || others.length > 0) throw new Error(`wanted one run of ${flow}, got ${others.length}`);
      return only;
    },
    taskRuns: (flow, count) =>
      settled(`${count} task runs of ${flow}`, count, { flows: { name: { any_: [flow] } }, sort: 'NAME_ASC' }),
    taskRunsById: (ids) =>
      settled(`the task runs ${ids}`, ids.length, { task_runs: { id: { any_: ids } }, sort: 'ID_DESC' }),
    taskStates: async (id) => (await call(`/task_run_states/?task_run_id=${id}`, named)).map(({ name }) => name),
    limits: () => call('/v2/concurrency_limits/filter', z.array(limit), {}),
    close: () => project.close(),
  };
}
