// Registers what `examples/prefect.yaml` declares, through the API.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { PrefectDeployment } from '../cli/prefect-yaml.ts';
import { callApi, identified } from './api-client.ts';

/** Creates or changes the deployment and its flow; answers the deployment's id. */
export async function registerDeployment(
  apiUrl: string,
  deployment: PrefectDeployment,
  folder: string,
): Promise<{ readonly id: string }> {
  const flow = await callApi({ apiUrl, path: '/flows/', body: { name: deployment.flowName } }, identified);
  return await callApi(
    { apiUrl, path: '/deployments/', body: deploymentBody(deployment, flow.id, folder) },
    identified,
  );
}

function deploymentBody(deployment: PrefectDeployment, flowId: string, folder: string): object {
  const { workPool } = deployment;
  return {
    name: deployment.name,
    flow_id: flowId,
    entrypoint: deployment.entrypoint,
    description: deployment.description,
    version: deployment.version,
    tags: deployment.tags,
    parameters: deployment.parameters,
    paused: deployment.paused,
    concurrency_limit: deployment.concurrencyLimit,
    enforce_parameter_schema: deployment.enforceParameterSchema,
    schedules: deployment.schedules.map(scheduleBody),
    ...(workPool === undefined
      ? {}
      : {
          work_pool_name: workPool.name,
          work_queue_name: workPool.queueName,
          job_variables: withFilesOf(folder, workPool.jobVariables),
        }),
  };
}

/** In the file what to run at and how often stand side by side; in the API the schedule is an object of its own. */
function scheduleBody(written: PrefectDeployment['schedules'][number]): object {
  const { active, parameters, slug, max_scheduled_runs, ...schedule } = written;
  return { schedule, active, parameters, slug, max_scheduled_runs };
}

/**
 * No image is pulled on this machine, so nothing is in a task's folder: a word of the command that names a file
 * beside `prefect.yaml` is given by its full path, where an image would have it in its working directory.
 */
function withFilesOf(folder: string, variables: NonNullable<PrefectDeployment['workPool']>['jobVariables']): object {
  const command = z.string().safeParse(variables['command']);
  if (!command.success) return variables;
  const words = command.data.split(' ').map((word) => {
    const file = path.join(folder, word);
    const isBeside = /^[\w][\w.-]*$/.test(word) && existsSync(file);
    return isBeside ? quoted(file) : word;
  });
  return { ...variables, command: words.join(' ') };
}

/** For a shell's way of splitting words, which is how the command is read. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
