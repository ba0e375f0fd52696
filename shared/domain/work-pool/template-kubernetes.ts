// The base job template of `kubernetes` work pools: what the worker of prefect-kubernetes understands.
// Slipway never launches such runs; a worker beside a cluster does.
import type { JsonObject } from '../json.ts';
import { commonVariables, flag, mapping, optional, sameNameFor, type Wording } from './template-property.ts';

const clusterConfig: JsonObject = {
  type: 'object',
  title: 'KubernetesClusterConfig',
  description: 'How a cluster is reached.',
  block_type_slug: 'kubernetes-cluster-config',
  block_schema_references: {},
  secret_fields: [],
  required: ['config', 'context_name'],
  properties: {
    config: mapping(true, { title: 'Config', description: 'All of a kubectl configuration.' }),
    context_name: { type: 'string', title: 'Context Name', description: 'Which context of it is meant.' },
  },
};

function quantity(wording: Wording): JsonObject {
  return optional('string', wording);
}

const variables: JsonObject = {
  ...commonVariables,
  annotations: mapping({ type: 'string' }, { title: 'Annotations', description: 'Annotations of jobs and pods.' }),
  namespace: {
    type: 'string',
    default: 'default',
    title: 'Namespace',
    description: 'Namespace that jobs are made in.',
  },
  image: {
    ...optional('string', { title: 'Image', description: "Image of the container. Prefect's own unless given." }),
    examples: ['docker.io/prefecthq/prefect:3-latest'],
  },
  service_account_name: optional('string', {
    title: 'Service Account Name',
    description: 'Service account that the job runs as.',
  }),
  image_pull_policy: {
    type: 'string',
    enum: ['IfNotPresent', 'Always', 'Never'],
    default: 'IfNotPresent',
    title: 'Image Pull Policy',
    description: 'When the image is fetched from its registry.',
  },
  backoff_limit: {
    type: 'integer',
    minimum: 0,
    default: 0,
    title: 'Backoff Limit',
    description:
      'How often Kubernetes starts a job again whose pod was evicted. With 0 the run is scheduled again instead.',
  },
  finished_job_ttl: optional('integer', {
    title: 'Finished Job TTL',
    description: 'Seconds until a job that has ended is removed. It stays unless given.',
  }),
  job_watch_timeout_seconds: optional('integer', {
    title: 'Job Watch Timeout Seconds',
    description: 'Seconds to wait for the next event of a job. There is no end unless given.',
  }),
  pod_watch_timeout_seconds: {
    type: 'integer',
    default: 60,
    title: 'Pod Watch Timeout Seconds',
    description: 'Seconds to wait for the pod of a job.',
  },
  stream_output: flag(true, {
    title: 'Stream Output',
    description: 'Whether the worker repeats the output of jobs on its own standard output.',
  }),
  cluster_config: {
    anyOf: [{ $ref: '#/definitions/KubernetesClusterConfig' }, { type: 'null' }],
    default: null,
    description: 'Which cluster the jobs run in.',
  },
  cpu_request: quantity({ title: 'CPU Request', description: 'CPU that the container is sure of, such as 500m or 2.' }),
  cpu_limit: quantity({ title: 'CPU Limit', description: 'Most CPU that the container gets, such as 500m or 2.' }),
  memory_request: quantity({
    title: 'Memory Request',
    description: 'Memory that the container is sure of, such as 128Mi or 1Gi.',
  }),
  memory_limit: quantity({
    title: 'Memory Limit',
    description: 'Most memory that the container gets, such as 128Mi or 1Gi.',
  }),
};

const jobManifest: JsonObject = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    ...sameNameFor(['annotations', 'labels', 'namespace']),
    generateName: '{{ name }}-',
  },
  spec: {
    backoffLimit: '{{ backoff_limit }}',
    ttlSecondsAfterFinished: '{{ finished_job_ttl }}',
    template: {
      spec: {
        parallelism: 1,
        completions: 1,
        restartPolicy: 'Never',
        serviceAccountName: '{{ service_account_name }}',
        containers: [
          {
            name: 'prefect-job',
            env: '{{ env }}',
            image: '{{ image }}',
            imagePullPolicy: '{{ image_pull_policy }}',
            args: '{{ command }}',
            resources: {
              limits: { cpu: '{{ cpu_limit }}', memory: '{{ memory_limit }}' },
              requests: { cpu: '{{ cpu_request }}', memory: '{{ memory_request }}' },
            },
          },
        ],
      },
    },
  },
};

export const kubernetesTemplate: JsonObject = {
  job_configuration: {
    ...sameNameFor(['command', 'env', 'labels', 'name', 'annotations', 'namespace', 'cluster_config']),
    ...sameNameFor(['job_watch_timeout_seconds', 'pod_watch_timeout_seconds', 'stream_output']),
    job_manifest: jobManifest,
  },
  variables: {
    type: 'object',
    description: 'What may be set for jobs of Kubernetes.',
    properties: variables,
    definitions: { KubernetesClusterConfig: clusterConfig },
  },
};
