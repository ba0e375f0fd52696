// What does the work and can be replaced at any time: one construct a step, around the resources of the data stack.
// Nothing in here holds anything that a new deployment would miss.
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { busName } from '../../shared/config/resources.ts';
import { Act } from '../constructs/act.ts';
import { Alarms } from '../constructs/alarms.ts';
import { Api } from '../constructs/api.ts';
import { Clock } from '../constructs/clock.ts';
import { Events } from '../constructs/events.ts';
import { Front } from '../constructs/front.ts';
import { Observe } from '../constructs/observe.ts';
import { Publish } from '../constructs/publish.ts';
import { Socket } from '../constructs/socket.ts';
import { Submit } from '../constructs/submit.ts';
import { TaskEnvironment } from '../constructs/task-environment.ts';
import { Trigger } from '../constructs/trigger.ts';
import type { Settings } from '../settings.ts';
import type { DataResources } from './data-stack.ts';

export type ServiceStackProps = StackProps & {
  readonly data: DataResources;
  readonly settings: Settings;
};

export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, props);
    const { data, settings } = props;
    const bus = new EventBus(this, 'Bus', { eventBusName: busName });
    const tasks = new TaskEnvironment(this, 'Tasks', {
      logGroup: data.taskLogGroup,
      authSecret: data.authSecret,
      clusterArns: settings.clusterArns,
    });
    const socket = new Socket(this, 'Socket', { data, settings });
    const api = new Api(this, 'Api', { data, settings, socket });
    const front = new Front(this, 'Front', { apiHost: api.host, socketHosts: socket.hosts });
    new Trigger(this, 'Trigger', { data, bus });
    new Submit(this, 'Submit', { data, tasks, apiUrl: front.url, settings });
    new Observe(this, 'Observe', { data, tasks, bus, settings });
    const clock = new Clock(this, 'Clock', { data, tasks, settings });
    const publish = new Publish(this, 'Publish', { data, bus, settings });
    new Events(this, 'Events', { data, settings, socket });
    new Act(this, 'Act', { data, settings, apiUrl: front.url });
    new Alarms(this, 'Alarms', {
      queues: data.queues,
      clock,
      publish,
      ...(settings.alarmTopicArn === undefined ? {} : { topicArn: settings.alarmTopicArn }),
    });
    this.addOutputs({
      ApiUrl: [front.url, 'PREFECT_API_URL for clients'],
      ApiDirectUrl: [api.url, 'The REST API without CloudFront and without sockets'],
      AuthSecretArn: [data.authSecret.secretArn, 'The secret that holds PREFECT_API_AUTH_STRING'],
      ClusterName: [tasks.clusterName, 'ECS cluster of the tasks'],
      BusName: [bus.eventBusName, 'EventBridge bus: state events out, requests for runs in'],
      TriggerQueueArn: [data.queues.byName.trigger.queue.queueArn, 'Target for rules and schedules that start runs'],
      TaskLogGroupName: [data.taskLogGroup.logGroupName, 'What tasks print'],
    });
  }

  private addOutputs(outputs: Readonly<Record<string, readonly [value: string, description: string]>>): void {
    for (const [name, [value, description]] of Object.entries(outputs))
      new CfnOutput(this, name, { value, description });
  }
}
