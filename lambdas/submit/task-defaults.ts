// The stack's own defaults for tasks, from the environment of `submit`.
import type { StepConfig } from '../../shared/config/env.ts';
import type { TaskDefaults } from '../../shared/domain/task/task-input.ts';

export function taskDefaults(env: StepConfig<'submit'>, region: string): TaskDefaults {
  return {
    clusterArn: env.SLIPWAY_CLUSTER_ARN,
    executionRoleArn: env.SLIPWAY_EXECUTION_ROLE_ARN,
    taskRoleArn: env.SLIPWAY_TASK_ROLE_ARN,
    subnets: env.SLIPWAY_SUBNETS,
    securityGroups: env.SLIPWAY_SECURITY_GROUPS,
    assignPublicIp: env.SLIPWAY_ASSIGN_PUBLIC_IP,
    logGroup: env.SLIPWAY_TASK_LOG_GROUP,
    region,
    apiUrl: env.SLIPWAY_API_URL,
    defaultImage: env.SLIPWAY_DEFAULT_IMAGE,
    ...(env.SLIPWAY_UI_URL === undefined ? {} : { uiUrl: env.SLIPWAY_UI_URL }),
    ...(env.SLIPWAY_AUTH_SECRET_ARN === undefined ? {} : { authSecretArn: env.SLIPWAY_AUTH_SECRET_ARN }),
  };
}
