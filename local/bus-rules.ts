// The rules of the resource table for the local EventBridge: what matches goes to one of our queues.

import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { eventRules } from '../shared/config/resources.ts';
import { ourClusterArn } from './account.ts';
import type { BusRule } from './eventbridge.ts';
import type { LocalQueue } from './queue.ts';

export function queueRules(client: SQSClient, urls: LocalQueue['urls']): BusRule[] {
  return eventRules.map((rule) => ({
    name: rule.name,
    eventBusName: rule.bus,
    pattern: rule.ofOurClusters
      ? { ...rule.pattern, detail: { ...rule.pattern.detail, clusterArn: [ourClusterArn] } }
      : rule.pattern,
    deliver: async (event) => {
      await client.send(new SendMessageCommand({ QueueUrl: urls[rule.queue], MessageBody: JSON.stringify(event) }));
    },
  }));
}
