// The base job template of `ecs` work pools: what the worker of prefect-aws understands. It is that of `ecs:push`
// without what is our own; here a worker of the user's starts the tasks, and his variables mean what they say.
import type { JsonObject } from '../json.ts';
import { objectOf, withoutKeys } from '../template/json-value.ts';
import { ecsPushTemplate, ownVariables } from './template-ecs-push.ts';

const pushVariables = objectOf(ecsPushTemplate, 'variables');
const ownNames = Object.keys(ownVariables);

/** Where the words of `ecs:push` are not true of a worker. */
const words: Readonly<Record<string, string>> = {
  aws_credentials: 'Credentials that the worker calls ECS with. Those of its own surroundings unless given.',
  cluster: "Name or ARN of the ECS cluster. The account's default one unless given.",
  vpc_id: "VPC whose subnets tasks run in. The account's default one unless given.",
  network_configuration: 'Subnets, securityGroups and assignPublicIp of the task. Needs a VPC.',
  image: "Image of the container. Prefect's own unless given.",
  family: 'Family of the task definition. Named after pool, flow and deployment unless given.',
  task_role_arn: 'Role that the code of the run has.',
  execution_role_arn: 'Role with which ECS pulls the image, reads secrets and writes logs.',
  prefect_api_auth_string_secret_arn: 'ARN of a secret to give the container as PREFECT_API_AUTH_STRING.',
  configure_cloudwatch_logs: 'Whether output goes to CloudWatch Logs. Needs an execution role that may write there.',
  cloudwatch_logs_options: 'Options of the awslogs driver.',
  auto_deregister_task_definition: 'Whether a task definition is deregistered when its run has ended.',
  match_latest_revision_in_family: 'Whether the newest task definition of the family is used again if it is the same.',
};

function worded(properties: JsonObject): JsonObject {
  const entries = Object.entries(properties).map(([name, property]) => {
    const description = words[name];
    return [name, description === undefined ? property : { ...objectOf(properties, name), description }] as const;
  });
  return Object.fromEntries(entries);
}

export const ecsTemplate: JsonObject = {
  job_configuration: {
    ...withoutKeys(objectOf(ecsPushTemplate, 'job_configuration'), ownNames),
    stream_output: false,
    task_start_timeout_seconds: 0,
    task_watch_poll_interval: 0,
  },
  variables: {
    ...pushVariables,
    properties: worded(withoutKeys(objectOf(pushVariables, 'properties'), ownNames)),
  },
};
