// What a newcomer sees after `npm start`: the example deployment runs to its end, then what to try next.
// Rule: everything goes through the API and the AWS endpoints, as it would from outside; a failure here stops nothing.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readPrefectYaml } from '../cli/prefect-yaml.ts';
import { callApi, identified } from './api-client.ts';
import { registerDeployment } from './example-deployments.ts';
import { nextSteps } from './example-next-steps.ts';
import { openTaskLog, type TaskLog, type TaskLogLine } from './example-task-log.ts';
import type { Stack } from './stack.ts';
import type { Terminal } from './terminal.ts';

export type ExampleOptions = {
  readonly stack: Pick<Stack, 'url' | 'endpoints'>;
  readonly terminal: Terminal;
  readonly stop: AbortSignal;
};

const examplesFolder = fileURLToPath(new URL('../examples', import.meta.url));
/** A run that takes longer is left alone, and the newcomer told so. */
const patienceMs = 60_000;
const finalTypes = new Set(['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED']);

/** Registers the deployments of `examples/prefect.yaml`; answers the id of `hello`. */
async function registerExamples(apiUrl: string): Promise<string> {
  const file = path.join(examplesFolder, 'prefect.yaml');
  const deployments = readPrefectYaml({ text: readFileSync(file, 'utf8'), file, environment: {} });
  const ids = new Map<string, string>();
  for (const deployment of deployments) {
    const { id } = await registerDeployment(apiUrl, deployment, examplesFolder);
    ids.set(`${deployment.flowName}/${deployment.name}`, id);
  }
  const hello = ids.get('hello/hello');
  if (hello === undefined) throw new Error(`${file} has no deployment hello/hello`);
  return hello;
}

export async function runExample(options: ExampleOptions): Promise<void> {
  const { stack, terminal } = options;
  const apiUrl = stack.url;
  try {
    const deploymentId = await registerExamples(apiUrl);
    terminal.print(
      '\nexample: deployment hello/hello on the work pool production, which is node hello.mjs as an ECS task',
    );
    const run = await callApi({ apiUrl, path: `/deployments/${deploymentId}/create_flow_run`, body: {} }, identified);
    await follow(options, run.id);
    terminal.print(nextSteps({ apiUrl, deploymentId, runId: run.id }));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    terminal.complain(`example: ${text.split('\n')[0]}`);
  }
  terminal.print('\nserving until Ctrl-C');
}

const runShape = z.object({ infrastructure_pid: z.string().nullish() });
const stateShape = z.object({
  id: z.string(),
  type: z.string(),
  name: z.string(),
  timestamp: z.string(),
  message: z.string().nullish(),
});
type State = z.infer<typeof stateShape>;

/**
 * Prints states and log lines as they come, until the run has ended. The log is ahead of the state events or behind
 * them: lines wait for Running, and the end waits for the last lines.
 */
async function follow({ stack, terminal, stop }: ExampleOptions, runId: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  const shown = new Set<string>();
  const waiting: TaskLogLine[] = [];
  let log: TaskLog | undefined;
  try {
    while (!stop.aborted && performance.now() < deadline) {
      log ??= await findLog(stack, runId);
      waiting.push(...((await log?.read()) ?? []));
      const states = await readStates(stack.url, runId);
      const hasEnded = states.some((state) => finalTypes.has(state.type));
      if (hasEnded) waiting.push(...((await log?.readRest()) ?? []));
      const isRunning = hasEnded || states.some((state) => state.type === 'RUNNING');
      const news = states.filter((state) => !shown.has(state.id));
      for (const line of chronological(news, isRunning ? waiting.splice(0) : [])) terminal.print(line);
      for (const state of news) shown.add(state.id);
      if (hasEnded) return;
      await pause(50, undefined, { signal: stop }).catch(() => undefined);
    }
    if (!stop.aborted) terminal.print(`the run has not ended within ${patienceMs / 1000} s; it goes on`);
  } finally {
    log?.close();
  }
}

async function readStates(apiUrl: string, runId: string): Promise<State[]> {
  return await callApi({ apiUrl, path: `/flow_run_states/?flow_run_id=${runId}` }, z.array(stateShape));
}

/** Undefined until the run has a task. */
async function findLog(stack: ExampleOptions['stack'], runId: string): Promise<TaskLog | undefined> {
  const run = await callApi({ apiUrl: stack.url, path: `/flow_runs/${runId}` }, runShape);
  // `CLUSTER::TASK`, as Prefect's own ECS worker writes it.
  const taskId = run.infrastructure_pid?.split('/').at(-1);
  return taskId === undefined ? undefined : openTaskLog(stack.endpoints.services, taskId);
}

function chronological(states: readonly State[], lines: readonly TaskLogLine[]): string[] {
  const entries = [
    ...states.map((state) => ({ at: Date.parse(state.timestamp), text: stateText(state) })),
    ...lines.map((line) => ({ at: line.at, text: logText(line) })),
  ];
  return entries.sort((one, other) => one.at - other.at).map((entry) => entry.text);
}

/** The state's type is the word that everyone knows; a name of its own stands behind it. */
function stateText({ type, name, timestamp, message }: State): string {
  const word = type.charAt(0) + type.slice(1).toLowerCase();
  const own = name.toLowerCase() === type.toLowerCase() ? '' : ` (${name})`;
  const reason = finalTypes.has(type) && type !== 'COMPLETED' && message != null ? `: ${message}` : '';
  return `  ${clockTime(Date.parse(timestamp))}  ${word}${own}${reason}`;
}

function logText({ at, text }: TaskLogLine): string {
  return `  ${clockTime(at)}    | ${text}`;
}

function clockTime(at: number): string {
  const local = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const milliseconds = String(local.getMilliseconds()).padStart(3, '0');
  return `${two(local.getHours())}:${two(local.getMinutes())}:${two(local.getSeconds())}.${milliseconds}`;
}
