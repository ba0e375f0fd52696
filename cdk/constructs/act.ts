// act: automations that fired do what they are for, and windows of triggers end when they are due.
// It may write runs and the catalogue, open blocks, send mail from this account's identities and publish to its topics;
// it starts and stops no task.
import { Arn, ArnFormat, Stack } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { DataResources } from '../stacks/data-stack.ts';
import { addQueueSources } from './queue-source.ts';
import { StepLambda } from './step-lambda.ts';
import { bodyVariables, eventVariables, storeVariables } from './store-variables.ts';

export type ActProps = {
  readonly data: DataResources;
  readonly settings: Settings;
  /** Links in notifications stand beside it. */
  readonly apiUrl: string;
};

export class Act extends Construct {
  constructor(scope: Construct, id: string, { data, settings, apiUrl }: ActProps) {
    super(scope, id);
    const lambda = new StepLambda(this, 'Lambda', {
      step: 'act',
      environment: {
        ...storeVariables(data),
        ...bodyVariables(data),
        ...eventVariables(data, settings),
        SLIPWAY_ACT_QUEUE_URL: data.queues.byName.act.queue.queueUrl,
        SLIPWAY_SECRET_KEY_ARN: data.secretKey.keyArn,
        SLIPWAY_API_URL: apiUrl,
        SLIPWAY_CALLS_TO_MACHINE: 'refused',
      },
    });
    data.tables.grantControl(lambda);
    data.tables.grantIndexes(lambda, ['lane']);
    data.tables.grantReadEvents(lambda);
    data.tables.grantPutLargeParts(lambda);
    data.tables.grantRemoveLogs(lambda);
    data.bodies.grantRead(lambda);
    data.bodies.grantWrite(lambda);
    data.bodies.grantDelete(lambda);
    data.secretKey.grantOpen(lambda);
    for (const queue of ['submit', 'observe', 'events', 'act'] as const) {
      data.queues.byName[queue].queue.grantSendMessages(lambda);
    }
    addQueueSources('act', lambda, data.queues);
    grantNotify(lambda);
  }
}

/** Which address and which topic stands in blocks, which users write at any time. */
function grantNotify(lambda: StepLambda<'act'>): void {
  const stack = Stack.of(lambda);
  const identities = Arn.format({ service: 'ses', resource: 'identity', resourceName: '*' }, stack);
  const topics = Arn.format({ service: 'sns', resource: '*', arnFormat: ArnFormat.NO_RESOURCE_NAME }, stack);
  Grant.addToPrincipal({ grantee: lambda, actions: ['ses:SendEmail'], resourceArns: [identities] });
  Grant.addToPrincipal({ grantee: lambda, actions: ['sns:Publish'], resourceArns: [topics] });
}
