// The EventBridge rules that feed a queue, from the one table of resources.
// What EventBridge cannot deliver within a day goes to the queue's dead-letter queue, never away.
import { Duration } from 'aws-cdk-lib';
import { type EventBus, type EventPattern, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { busName, eventRules, type QueueName } from '../../shared/config/resources.ts';
import { ruleName } from '../names.ts';
import type { Queues, StepQueue } from './queues.ts';

export type QueueRulesProps = {
  readonly queue: QueueName;
  readonly queues: Queues;
  /** Slipway's own bus. */
  readonly bus: EventBus;
  /** Clusters whose tasks are ours to watch. */
  readonly clusterArns: readonly string[];
};

type EventRule = (typeof eventRules)[number];

export class QueueRules extends Construct {
  constructor(scope: Construct, id: string, props: QueueRulesProps) {
    super(scope, id);
    for (const rule of eventRules.filter((candidate) => candidate.queue === props.queue)) {
      new Rule(this, rule.name, {
        ruleName: ruleName(rule),
        description: `Slipway: ${rule.bus} bus to the ${rule.queue} queue`,
        ...(rule.bus === busName ? { eventBus: props.bus } : {}),
        eventPattern: patternOf(rule, props.clusterArns),
        targets: [queueTarget(props.queues.byName[rule.queue])],
      });
    }
  }
}

function patternOf(rule: EventRule, clusterArns: readonly string[]): EventPattern {
  const { source, 'detail-type': detailType, detail } = { source: undefined, detail: undefined, ...rule.pattern };
  const ours = rule.ofOurClusters ? { clusterArn: [...clusterArns] } : {};
  return {
    detailType: [...detailType],
    ...(source === undefined ? {} : { source: [...source] }),
    ...(detail === undefined ? {} : { detail: { ...detail, ...ours } }),
  };
}

/**
 * The queues trust these rules already (queues.ts); CDK's own target would write that trust into the other stack,
 * which makes the two depend on each other.
 */
function queueTarget({ queue, deadLetters }: StepQueue): IRuleTarget {
  return {
    bind: () => ({
      arn: queue.queueArn,
      deadLetterConfig: { arn: deadLetters.queueArn },
      retryPolicy: { maximumRetryAttempts: 185, maximumEventAgeInSeconds: Duration.days(1).toSeconds() },
    }),
  };
}
