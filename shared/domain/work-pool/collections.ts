// What `GET /collections/views/aggregate-worker-metadata` answers: the work pool types that Slipway offers.
// The `prefect` CLI accepts exactly the types that stand here and copies their template into a new pool.
import type { JsonObject } from '../json.ts';
import { ecsPushTemplate } from './template-ecs-push.ts';
import { processTemplate } from './template-process.ts';

/** The base job template that a new work pool of a type gets when none is sent; undefined for other types. */
export function defaultTemplate(type: string): JsonObject | undefined {
  return new Map([
    ['ecs:push', ecsPushTemplate],
    ['process', processTemplate],
  ]).get(type);
}

/**
 * By package, then by type. The CLI installs the package of a type when it wants to start a worker of it, so only
 * packages of Prefect's own stand here.
 */
export const workerMetadata: JsonObject = {
  prefect: {
    process: {
      type: 'process',
      display_name: 'Process',
      description: 'Runs flows as processes of a worker that you start yourself, on a laptop for example.',
      documentation_url: 'https://docs.prefect.io/v3/concepts/workers',
      logo_url: '',
      install_command: 'pip install prefect',
      is_beta: false,
      default_base_job_configuration: processTemplate,
    },
  },
  'prefect-aws': {
    'ecs:push': {
      type: 'ecs:push',
      display_name: 'AWS Elastic Container Service, push',
      description: 'Runs flows and plain containers as ECS tasks in your own AWS account. No worker is needed.',
      documentation_url: 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/standalone-tasks.html',
      logo_url: '',
      install_command: '',
      is_beta: false,
      default_base_job_configuration: ecsPushTemplate,
    },
  },
};
