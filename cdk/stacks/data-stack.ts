// What must outlive an update or a deleted service: tables, large bodies, queues, the auth secret and the logs of tasks.
// It knows nothing of the service stack, so that it can be deployed alone.
import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { logRetentionDays } from '../../shared/config/resources.ts';
import { AuthSecret } from '../constructs/auth-secret.ts';
import { BodyBucket } from '../constructs/body-bucket.ts';
import { Queues } from '../constructs/queues.ts';
import { SecretKey } from '../constructs/secret-key.ts';
import { Tables } from '../constructs/tables.ts';

export type DataStackProps = StackProps & {
  /** What becomes of tables, large bodies, queues and task logs when the stack is deleted. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
  /** Stream of a restored control table that is used in place of the stack's own. @default the stack's own */
  readonly controlStreamArn?: string | undefined;
};

/** What the service stack builds upon. */
export type DataResources = {
  readonly tables: Tables;
  readonly bodies: BodyBucket;
  readonly queues: Queues;
  readonly authSecret: Secret;
  readonly secretKey: SecretKey;
  readonly taskLogGroup: LogGroup;
};

export class DataStack extends Stack {
  readonly resources: DataResources;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.resources = {
      tables: new Tables(this, 'Tables', { removalPolicy, controlStreamArn: props.controlStreamArn }),
      bodies: new BodyBucket(this, 'Bodies', { removalPolicy }),
      queues: new Queues(this, 'Queues', { removalPolicy }),
      authSecret: new AuthSecret(this, 'Auth').secret,
      secretKey: new SecretKey(this, 'SecretKey', { removalPolicy }),
      taskLogGroup: new LogGroup(this, 'TaskLogs', { retention: logRetentionDays, removalPolicy }),
    };
  }
}
