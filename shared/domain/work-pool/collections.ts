// What `GET /collections/views/aggregate-worker-metadata` answers: the work pool types that Slipway offers.
// The `prefect` CLI accepts exactly the types that stand here and copies their template into a new pool.
import type { JsonObject } from '../json.ts';
import { dockerTemplate } from './template-docker.ts';
import { ecsTemplate } from './template-ecs.ts';
import { ecsPushTemplate } from './template-ecs-push.ts';
import { kubernetesTemplate } from './template-kubernetes.ts';
import { processTemplate } from './template-process.ts';

type WorkerType = {
  /** The CLI installs it when it wants to start a worker of the type. */
  readonly packageName: string;
  readonly displayName: string;
  readonly description: string;
  readonly documentation: string;
  readonly installCommand: string;
  readonly template: JsonObject;
};

const workers = 'https://docs.prefect.io/v3/concepts/workers';
const integrations = 'https://docs.prefect.io/integrations/';

const workerTypes: Readonly<Record<string, WorkerType>> = {
  process: {
    packageName: 'prefect',
    displayName: 'Process',
    description: 'Runs flows as processes of a worker that you start yourself, on a laptop for example.',
    documentation: workers,
    installCommand: 'pip install prefect',
    template: processTemplate,
  },
  'ecs:push': {
    packageName: 'prefect-aws',
    displayName: 'AWS Elastic Container Service, push',
    description: 'Runs flows and plain containers as ECS tasks in your own AWS account. No worker is needed.',
    documentation: 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/standalone-tasks.html',
    installCommand: '',
    template: ecsPushTemplate,
  },
  ecs: {
    packageName: 'prefect-aws',
    displayName: 'AWS Elastic Container Service',
    description: 'Runs flows as ECS tasks that a worker of yours starts with its own credentials.',
    documentation: `${integrations}prefect-aws`,
    installCommand: 'pip install prefect-aws',
    template: ecsTemplate,
  },
  docker: {
    packageName: 'prefect-docker',
    displayName: 'Docker',
    description: 'Runs flows in containers of a Docker daemon, started by a worker beside it.',
    documentation: `${integrations}prefect-docker`,
    installCommand: 'pip install prefect-docker',
    template: dockerTemplate,
  },
  kubernetes: {
    packageName: 'prefect-kubernetes',
    displayName: 'Kubernetes',
    description: 'Runs flows as jobs of a Kubernetes cluster, started by a worker that may use it.',
    documentation: `${integrations}prefect-kubernetes`,
    installCommand: 'pip install prefect-kubernetes',
    template: kubernetesTemplate,
  },
};

/** The base job template that a new work pool of a type gets when none is sent; undefined for other types. */
export function defaultTemplate(type: string): JsonObject | undefined {
  return Object.hasOwn(workerTypes, type) ? workerTypes[type]?.template : undefined;
}

/** By package, then by type. */
export const workerMetadata: JsonObject = metadataByPackage();

function metadataByPackage(): JsonObject {
  const byPackage = Map.groupBy(Object.entries(workerTypes), ([, { packageName }]) => packageName);
  const packages = [...byPackage].map(([name, types]) => [name, Object.fromEntries(types.map(metadataOf))] as const);
  return Object.fromEntries(packages);
}

function metadataOf([type, worker]: readonly [string, WorkerType]): readonly [string, JsonObject] {
  const metadata = {
    type,
    display_name: worker.displayName,
    description: worker.description,
    documentation_url: worker.documentation,
    logo_url: '',
    install_command: worker.installCommand,
    is_beta: false,
    default_base_job_configuration: worker.template,
  };
  return [type, metadata];
}
