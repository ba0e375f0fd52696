// The queues between the steps, each with a dead-letter queue of the same name. They outlive their stack.
// Rules of the other stack are trusted by name, because a reference back to it would make the stacks circular.
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { eventRules, type QueueName, queueNames, queues } from '../../shared/config/resources.ts';
import { ruleArn } from '../names.ts';

export type StepQueue = {
  readonly queue: IQueue;
  /** What could be neither delivered nor handled; a redrive to `queue` tries again. */
  readonly deadLetters: IQueue;
};

export type QueuesProps = {
  /** @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
};

/** SQS keeps a message for 14 days at most. */
const longestRetention = Duration.days(14);

export class Queues extends Construct {
  readonly byName: Readonly<Record<QueueName, StepQueue>>;
  /** Where the control table's stream puts a note of records that `publish` gave up. */
  readonly streamDeadLetters: IQueue;

  constructor(scope: Construct, id: string, props: QueuesProps = {}) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.byName = {
      trigger: this.addQueue('trigger', removalPolicy),
      submit: this.addQueue('submit', removalPolicy),
      observe: this.addQueue('observe', removalPolicy),
      publish: this.addQueue('publish', removalPolicy),
      events: this.addQueue('events', removalPolicy),
      act: this.addQueue('act', removalPolicy),
    };
    this.streamDeadLetters = addDeadLetters(this, 'StreamDeadLetters', removalPolicy);
  }

  /** Every dead-letter queue with the name it goes by. */
  get deadLetters(): readonly (readonly [string, IQueue])[] {
    const ofQueues = queueNames.map((name) => [name, this.byName[name].deadLetters] as const);
    return [...ofQueues, ['stream', this.streamDeadLetters] as const];
  }

  private addQueue(name: QueueName, removalPolicy: RemovalPolicy): StepQueue {
    const id = name.charAt(0).toUpperCase() + name.slice(1);
    const deadLetters = addDeadLetters(this, `${id}DeadLetters`, removalPolicy);
    const queue = new Queue(this, id, {
      visibilityTimeout: Duration.seconds(queues[name].visibilitySeconds),
      retentionPeriod: Duration.days(queues[name].retentionDays),
      receiveMessageWaitTime: Duration.seconds(20),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: queues[name].maxReceiveCount },
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy,
    });
    trustRules(this, name, [queue, deadLetters]);
    return { queue, deadLetters };
  }
}

function addDeadLetters(scope: Construct, id: string, removalPolicy: RemovalPolicy): Queue {
  return new Queue(scope, id, {
    retentionPeriod: longestRetention,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    removalPolicy,
  });
}

/** EventBridge puts events into the queue, and what it cannot deliver into the dead-letter queue. */
function trustRules(scope: Construct, name: QueueName, trusting: readonly Queue[]): void {
  const arns = trustedRuleArns(scope, name);
  if (arns.length === 0) return;
  for (const queue of trusting) {
    queue.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { ArnLike: { 'aws:SourceArn': arns } },
      }),
    );
  }
}

/** Any rule of the account may ask for runs; task states come from our own rule alone. */
function trustedRuleArns(scope: Construct, name: QueueName): string[] {
  if (name === 'trigger') {
    const anyRule = {
      service: 'events',
      resource: 'rule',
      resourceName: '*',
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    };
    return [Stack.of(scope).formatArn(anyRule)];
  }
  return eventRules.filter((rule) => rule.queue === name).map((rule) => ruleArn(scope, rule));
}
