// What a person must hear of: something that was given up, a message nobody can read, a clock that stands still.
// Everything else repairs itself.
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { metricNamespace, queueSources, type StepName } from '../../shared/config/resources.ts';
import type { Clock } from './clock.ts';
import type { Publish } from './publish.ts';
import type { Queues } from './queues.ts';

export type AlarmsProps = {
  readonly queues: Queues;
  readonly clock: Clock;
  readonly publish: Publish;
  /** SNS topic that every alarm notifies. @default none */
  readonly topicArn?: string;
};

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);

export class Alarms extends Construct {
  private readonly topic: ITopic | undefined;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = props.topicArn === undefined ? undefined : Topic.fromTopicArn(this, 'Topic', props.topicArn);
    for (const [name, queue] of props.queues.deadLetters) {
      const metric = queue.metricApproximateNumberOfMessagesVisible({ period: minute, statistic: Stats.MAXIMUM });
      this.addAboveZero(
        `${name}-dead-letters`,
        metric,
        `Slipway: the ${name} step gave something up; see its log, then redrive.`,
      );
    }
    for (const { step } of queueSources) this.addBadMessageAlarm(step);
    this.addClockAlarms(props.clock);
    this.addStreamAlarm(props.publish);
  }

  private addBadMessageAlarm(step: StepName): void {
    const metric = new Metric({
      namespace: metricNamespace,
      metricName: 'BadMessage',
      dimensionsMap: { step },
      period: minute,
      statistic: Stats.SUM,
    });
    this.addAboveZero(
      `${step}-bad-messages`,
      metric,
      `Slipway: the ${step} step could not read a message; see its log.`,
    );
  }

  private addAboveZero(id: string, metric: IMetric, alarmDescription: string): void {
    this.add(id, {
      metric,
      alarmDescription,
      threshold: 0,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** The clock is the net under everything, so its silence is the one failure that nothing else mends. */
  private addClockAlarms({ lambda }: Clock): void {
    this.add('clock-silent', {
      metric: lambda.handler.metricInvocations({ period: fiveMinutes, statistic: Stats.SUM }),
      alarmDescription: 'Slipway: the clock did not tick for five minutes; overdue runs are not visited.',
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.add('clock-failing', {
      metric: lambda.handler.metricErrors({ period: fiveMinutes, statistic: Stats.SUM }),
      alarmDescription: 'Slipway: most ticks of five minutes failed; overdue runs are not visited.',
      threshold: 3,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** Stream records live 24 hours; an hour behind leaves a day's work of warning. */
  private addStreamAlarm({ lambda }: Publish): void {
    this.add('publish-behind', {
      metric: lambda.handler.metric('IteratorAge', { period: fiveMinutes, statistic: Stats.MAXIMUM }),
      alarmDescription: 'Slipway: counters and outgoing events are an hour behind; the stream forgets after 24.',
      threshold: Duration.hours(1).toMilliseconds(),
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  private add(id: string, props: AlarmProps): void {
    const alarm = new Alarm(this, id, props);
    if (this.topic !== undefined) alarm.addAlarmAction(new SnsAction(this.topic));
  }
}
