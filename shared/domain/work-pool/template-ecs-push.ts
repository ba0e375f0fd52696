// The base job template of `ecs:push` work pools: every variable of prefect-aws's `ecs` template, same name and type.
// What a template leaves open (cluster, roles, subnets, log group) is the stack's own.
import type { JsonObject } from '../json.ts';
import { catchUps } from '../schedule/catch-up.ts';
import { silencePolicies } from '../task/when-silent.ts';
import { awsCredentialsDefinitions } from './template-aws-credentials.ts';
import { launchVariables } from './template-launch.ts';
import { commonVariables, flag, mapping, optional, sameNameFor, textOrNull } from './template-property.ts';

const whereItRuns: JsonObject = {
  aws_credentials: {
    $ref: '#/definitions/AwsCredentials',
    title: 'AWS Credentials',
    description: "Accepted and ignored: tasks are started with the control plane's own role.",
  },
  cluster: optional('string', {
    title: 'Cluster',
    description: "Name or ARN of the ECS cluster. The stack's own unless given.",
  }),
  launch_type: {
    type: 'string',
    enum: ['FARGATE', 'EC2', 'EXTERNAL', 'FARGATE_SPOT'],
    default: 'FARGATE',
    title: 'Launch Type',
    description:
      'Kind of capacity. FARGATE_SPOT is asked for as a capacity provider, since ECS has no such launch type.',
  },
  capacity_provider_strategy: {
    type: 'array',
    items: { $ref: '#/definitions/CapacityProvider' },
    title: 'Capacity Provider Strategy',
    description: 'Capacity providers to spread tasks over. Where it is given, the launch type is not sent.',
  },
  vpc_id: optional('string', {
    title: 'VPC ID',
    description: 'Accepted and ignored: name subnets in the network configuration instead.',
  }),
  network_configuration: mapping(true, {
    title: 'Network Configuration',
    description: 'Subnets, securityGroups and assignPublicIp of the task. Without subnets it gets those of the stack.',
  }),
};

const whatItRuns: JsonObject = {
  image: optional('string', {
    title: 'Image',
    description: "Image of the container. The stack's default unless given.",
  }),
  cpu: optional('integer', {
    title: 'CPU',
    description: 'CPU units of the task, 1024 being one vCPU. 1024 unless given. Fargate offers certain sizes only.',
  }),
  memory: optional('integer', {
    title: 'Memory',
    description: 'Memory of the task in MiB. 2048 unless given. Fargate offers certain sizes for each amount of CPU.',
  }),
  container_name: optional('string', {
    title: 'Container Name',
    description: "The container that executes the run and whose end is the run's end. prefect unless given.",
  }),
  task_definition_arn: optional('string', {
    title: 'Task Definition ARN',
    description: 'A task definition of your own. Nothing is registered then, and all that would shape one is ignored.',
  }),
  family: optional('string', {
    title: 'Family',
    description: 'Accepted and ignored: each different task definition gets a family named after its content.',
  }),
  task_role_arn: optional('string', {
    title: 'Task Role ARN',
    description: "Role that the code of the run has. The stack's task role unless given.",
  }),
  execution_role_arn: optional('string', {
    title: 'Execution Role ARN',
    description: "Role with which ECS pulls the image, reads secrets and writes logs. The stack's own unless given.",
  }),
  prefect_api_key_secret_arn: optional('string', {
    title: 'Prefect API Key Secret ARN',
    description: 'ARN of a secret to give the container as PREFECT_API_KEY. Not needed to talk to this control plane.',
  }),
  prefect_api_auth_string_secret_arn: optional('string', {
    title: 'Prefect API Auth String Secret ARN',
    description: 'Accepted and ignored: the stack gives every task its own secret.',
  }),
};

const howItIsKept: JsonObject = {
  configure_cloudwatch_logs: optional('boolean', {
    title: 'Configure Cloudwatch Logs',
    description: 'Output always goes to CloudWatch Logs, whatever stands here.',
  }),
  cloudwatch_logs_options: mapping(
    { type: 'string' },
    {
      title: 'Cloudwatch Logs Options',
      description: "Options of the awslogs driver, over the ones that lead to the stack's log group.",
    },
  ),
  cloudwatch_logs_prefix: optional('string', {
    title: 'Cloudwatch Logs Prefix',
    description: 'Prefix of the log streams.',
  }),
  auto_deregister_task_definition: flag(false, {
    title: 'Auto Deregister Task Definition',
    description: 'Accepted and ignored: task definitions are shared by all runs of the same content.',
  }),
  match_latest_revision_in_family: flag(false, {
    title: 'Match Latest Revision In Family',
    description: 'Accepted and ignored: a task definition of the same content is always used again.',
  }),
};

const whole: JsonObject = { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }], default: null };

/** Variables that prefect-aws does not have. */
export const ownVariables: JsonObject = {
  when_silent: {
    anyOf: [{ type: 'string', enum: [...silencePolicies] }, { type: 'null' }],
    default: null,
    title: 'When Silent',
    description:
      'What is done with a task that lives while its engine gives no sign of life: leave it, or stop it, which ends the ' +
      'run as Crashed. Left alone unless given; an event tells of it either way.',
  },
  log_retention_days: optional('integer', {
    title: 'Log Retention Days',
    description:
      "How many days the log lines of this pool's runs are kept: its default counts, for all of them. Null: until the run is deleted.",
  }),
  max_waiting_runs: {
    ...whole,
    title: 'Max Waiting Runs',
    description:
      "How many due runs may wait: the default counts for the pool, a deployment's job variable for that deployment.",
  },
  max_waiting_runs_of_queues: mapping(
    { type: 'integer', minimum: 1 },
    {
      title: 'Max Waiting Runs Of Queues',
      description: 'How many due runs may wait in the queue of each name: its default counts.',
    },
  ),
  waiting_overflow: {
    anyOf: [{ type: 'string', enum: ['refuse', 'drop_oldest'] }, { type: 'null' }],
    default: null,
    title: 'Waiting Overflow',
    description:
      'What becomes of one more than may wait: its request is answered 429, or it is taken and the oldest is cancelled. refuse unless given.',
  },
  skip_after_seconds: {
    ...whole,
    title: 'Skip After Seconds',
    description: 'A run that could not start for so long after its time is cancelled in place of started.',
  },
  catch_up: {
    anyOf: [{ type: 'string', enum: [...catchUps] }, { type: 'null' }],
    default: null,
    title: 'Catch Up',
    description:
      'Which overdue runs of schedules start, after an outage or for want of room: all, the last of each schedule, or none. all unless given.',
  },
  catch_up_of_schedules: mapping(
    { type: 'string', enum: [...catchUps] },
    { title: 'Catch Up Of Schedules', description: 'The same for the schedules of each slug, over catch_up.' },
  ),
  catch_up_grace_seconds: {
    ...whole,
    title: 'Catch Up Grace Seconds',
    description: 'With none, a run still starts that is late by no more. 300 unless given.',
  },
  reports: {
    anyOf: [{ type: 'string', enum: ['engine', 'exit-code'] }, { type: 'null' }],
    default: null,
    title: 'Reports',
    description:
      "Whose word ends the run: the flow engine's, or the exit code of the container. " +
      "Unless given, the engine's if the command is empty or starts it. With exit-code and no command the image's own runs.",
  },
  ...launchVariables,
};

const jobConfiguration: JsonObject = {
  command: '{{ command }}',
  env: '{{ env }}',
  labels: '{{ labels }}',
  name: '{{ name }}',
  aws_credentials: '{{ aws_credentials }}',
  task_definition: {
    containerDefinitions: [{ image: '{{ image }}', name: '{{ container_name }}' }],
    cpu: '{{ cpu }}',
    memory: '{{ memory }}',
    executionRoleArn: '{{ execution_role_arn }}',
    family: '{{ family }}',
  },
  task_run_request: {
    cluster: '{{ cluster }}',
    launchType: '{{ launch_type }}',
    capacityProviderStrategy: '{{ capacity_provider_strategy }}',
    taskDefinition: '{{ task_definition_arn }}',
    tags: '{{ labels }}',
    overrides: {
      cpu: '{{ cpu }}',
      memory: '{{ memory }}',
      taskRoleArn: '{{ task_role_arn }}',
      containerOverrides: [
        {
          name: '{{ container_name }}',
          command: '{{ command }}',
          environment: '{{ env }}',
          cpu: '{{ cpu }}',
          memory: '{{ memory }}',
        },
      ],
    },
  },
  ...sameNameFor([
    'configure_cloudwatch_logs',
    'cloudwatch_logs_options',
    'cloudwatch_logs_prefix',
    'network_configuration',
    'auto_deregister_task_definition',
    'vpc_id',
    'container_name',
    'cluster',
    'match_latest_revision_in_family',
    'prefect_api_key_secret_arn',
    'prefect_api_auth_string_secret_arn',
    'execution_role_arn',
    'reports',
  ]),
};

export const ecsPushTemplate: JsonObject = {
  job_configuration: jobConfiguration,
  variables: {
    type: 'object',
    properties: {
      ...commonVariables,
      env: mapping(textOrNull, {
        title: 'Environment Variables',
        description: 'Environment of the container, over the one that every run gets; null removes a variable.',
      }),
      ...whatItRuns,
      ...whereItRuns,
      ...howItIsKept,
      ...ownVariables,
    },
    definitions: {
      ...awsCredentialsDefinitions,
      CapacityProvider: {
        type: 'object',
        title: 'CapacityProvider',
        description: 'A capacity provider and its share of the tasks.',
        required: ['capacityProvider', 'weight', 'base'],
        properties: {
          capacityProvider: { type: 'string', title: 'Capacity Provider' },
          weight: { type: 'integer', title: 'Weight' },
          base: { type: 'integer', title: 'Base' },
        },
      },
    },
  },
};
