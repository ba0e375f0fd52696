// The base job template of `docker` work pools: what the worker of prefect-docker understands.
// Slipway never launches such runs; a worker beside a Docker daemon does.
import type { JsonObject } from '../json.ts';
import { commonVariables, flag, optional, sameNameFor } from './template-property.ts';

const registryCredentials: JsonObject = {
  type: 'object',
  title: 'DockerRegistryCredentials',
  description: 'A login of a registry of images.',
  additionalProperties: true,
  block_type_slug: 'docker-registry-credentials',
  block_schema_references: {},
  secret_fields: ['password'],
  required: ['username', 'password', 'registry_url'],
  properties: {
    username: { type: 'string', title: 'Username', description: 'Who logs in.' },
    password: {
      type: 'string',
      format: 'password',
      writeOnly: true,
      title: 'Password',
      description: 'With which password.',
    },
    registry_url: {
      type: 'string',
      title: 'Registry Url',
      description: 'Address of the registry.',
      examples: ['registry.example.com'],
    },
    reauth: flag(true, { title: 'Reauth', description: 'Whether to log in each time anew.' }),
  },
};

const variables: JsonObject = {
  ...commonVariables,
  image: {
    type: 'string',
    title: 'Image',
    description: "Image of the container. Prefect's own, the newest, unless given.",
    examples: ['docker.io/prefecthq/prefect:3-latest'],
  },
  registry_credentials: {
    anyOf: [{ $ref: '#/$defs/DockerRegistryCredentials' }, { type: 'null' }],
    default: null,
    description: 'Login for the registry that the image comes from.',
  },
  image_pull_policy: {
    anyOf: [{ type: 'string', enum: ['IfNotPresent', 'Always', 'IfPossible', 'Never'] }, { type: 'null' }],
    default: null,
    title: 'Image Pull Policy',
    description: 'When the image is fetched from its registry.',
  },
  networks: texts('Networks', 'Networks of Docker that the container joins.'),
  network_mode: optional('string', {
    title: 'Network Mode',
    description: 'Mode of the network, such as host or bridge. Not beside networks.',
  }),
  auto_remove: flag(false, {
    title: 'Auto Remove',
    description: 'Whether the container is removed when it has ended.',
  }),
  volumes: {
    ...texts('Volumes', "What is mounted into the container. Relative paths start at the worker's own folder."),
    examples: ['/data:/data', './input:/input'],
  },
  stream_output: flag(true, {
    title: 'Stream Output',
    description: 'Whether the worker repeats the output of containers on its own standard output.',
  }),
  mem_limit: optional('string', {
    title: 'Memory Limit',
    description: 'Most memory that the container gets, in bytes, or with a unit: 1000k, 128m, 1g.',
  }),
  memswap_limit: optional('string', {
    title: 'Memory Swap Limit',
    description:
      'Most memory and swap together, -1 for no limit. Only beside a memory limit, which it is twice unless given.',
  }),
  privileged: flag(false, { title: 'Privileged', description: "Whether the container has the host's own rights." }),
  container_create_kwargs: {
    anyOf: [{ type: 'object', additionalProperties: true }, { type: 'null' }],
    default: null,
    title: 'Container Configuration',
    description: 'What docker-py is given besides when it makes the container.',
  },
};

function texts(title: string, description: string): JsonObject {
  return { type: 'array', items: { type: 'string' }, title, description };
}

export const dockerTemplate: JsonObject = {
  job_configuration: sameNameFor([
    'command',
    'env',
    'labels',
    'name',
    'image',
    'registry_credentials',
    'image_pull_policy',
    'networks',
    'network_mode',
    'auto_remove',
    'volumes',
    'stream_output',
    'mem_limit',
    'memswap_limit',
    'privileged',
    'container_create_kwargs',
  ]),
  variables: {
    type: 'object',
    description: 'What may be set for containers of Docker.',
    $defs: { DockerRegistryCredentials: registryCredentials },
    properties: variables,
  },
};
