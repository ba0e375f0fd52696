// SQS and S3 for the local stack: one server in a thread of this program, with the queues of the one table of resources
// and the bucket of large bodies.
// Rule: what was accepted is still there after `kill -9`; what was being handled then is handed out again at once.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { type QueueName, queueNames, queues } from '../shared/config/resources.ts';
import { credentials, deadLetterNameOf, queueArnOf, queueNameOf } from './account.ts';
import { account, region } from './ecs/names.ts';
import { StartError } from './start-error.ts';

export type LocalQueue = {
  readonly endpoint: string;
  /** By our own names; the port in them is this start's. */
  readonly urls: Readonly<Record<QueueName, string>>;
  readonly deadLetterUrls: Readonly<Record<QueueName, string>>;
  /** Settles with a sentence when the thread ends without `close()`. */
  readonly lost: Promise<string>;
  close(): Promise<void>;
};

/** Starts the queue server on a free loopback port; messages are kept in `folder`. */
export async function startQueue(folder: string): Promise<LocalQueue> {
  const worker = new Worker(new URL('./queue-server.ts', import.meta.url), {
    name: 'queue',
    workerData: { folder },
    env: {},
  });
  const endpoint = `http://127.0.0.1:${await portOf(worker)}`;
  const client = new SQSClient({ endpoint, region, credentials, maxAttempts: 2, useQueueUrlAsEndpoint: false });
  try {
    await Promise.all(queueNames.map((queue) => createQueues(client, queue)));
  } finally {
    client.destroy();
  }
  const { promise: lost, resolve } = Promise.withResolvers<string>();
  let isClosing = false;
  const ended = once(worker, 'exit');
  worker.on('error', (error) => resolve(`the queue failed: ${error.message}`));
  worker.once('exit', (code) => {
    if (!isClosing) resolve(`the queue ended by itself with ${code}`);
  });
  const close = async () => {
    isClosing = true;
    worker.postMessage('close');
    const patience = setTimeout(() => void worker.terminate(), 3000);
    await ended;
    clearTimeout(patience);
  };
  return {
    endpoint,
    urls: urlsOf(endpoint, queueNameOf),
    deadLetterUrls: urlsOf(endpoint, deadLetterNameOf),
    lost,
    close,
  };
}

const ready = z.object({ port: z.number() });

async function portOf(worker: Worker): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  worker.once('message', (message) => resolve(ready.parse(message).port));
  worker.once('error', (error) =>
    reject(new StartError(`the queue did not start: ${error.message}`, { cause: error })),
  );
  worker.once('exit', (code) => reject(new StartError(`the queue did not start: its thread ended with ${code}`)));
  return await promise;
}

/** Creates a queue with its dead-letter queue; one that is there gets the settings of this release. */
async function createQueues(client: SQSClient, queue: QueueName): Promise<void> {
  const settings = queues[queue];
  await putQueue(client, deadLetterNameOf(queue), { MessageRetentionPeriod: String(14 * 86_400) });
  await putQueue(client, queueNameOf(queue), {
    VisibilityTimeout: String(settings.visibilitySeconds),
    MessageRetentionPeriod: String(settings.retentionDays * 86_400),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: queueArnOf(deadLetterNameOf(queue)),
      maxReceiveCount: settings.maxReceiveCount,
    }),
  });
}

async function putQueue(client: SQSClient, name: string, attributes: Record<string, string>): Promise<void> {
  // Created bare, so that a queue with the settings of another release is no conflict.
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name }));
  await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: attributes }));
}

/** Built, not looked up: the server knows a queue by the last part of its URL, and keeps the port it was created on. */
function urlsOf(endpoint: string, nameOf: (queue: QueueName) => string): Record<QueueName, string> {
  const url = (queue: QueueName) => `${endpoint}/${account}/${nameOf(queue)}`;
  return {
    trigger: url('trigger'),
    submit: url('submit'),
    observe: url('observe'),
    publish: url('publish'),
    events: url('events'),
    act: url('act'),
  };
}
