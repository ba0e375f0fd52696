// Reads the output of one task from CloudWatch Logs, through the SDK, as anyone would on AWS.

import { setTimeout as pause } from 'node:timers/promises';
import { CloudWatchLogsClient, DescribeLogStreamsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { credentials, taskLogGroup } from './account.ts';
import { region } from './ecs/names.ts';

export type TaskLogLine = { readonly at: number; readonly text: string };

export type TaskLog = {
  /** The lines since the last call. */
  read(): Promise<readonly TaskLogLine[]>;
  /** What still comes once the task has ended: until nothing new came for a moment, two seconds at most. */
  readRest(): Promise<readonly TaskLogLine[]>;
  close(): void;
};

export function openTaskLog(endpoint: string, taskId: string): TaskLog {
  const client = new CloudWatchLogsClient({ endpoint, region, credentials });
  let stream: string | undefined;
  let position: string | undefined;
  const read = async (): Promise<readonly TaskLogLine[]> => {
    stream ??= await findStream(client, taskId);
    if (stream === undefined) return [];
    const answer = await client.send(
      new GetLogEventsCommand({
        logGroupName: taskLogGroup,
        logStreamName: stream,
        startFromHead: true,
        nextToken: position,
      }),
    );
    position = answer.nextForwardToken;
    return (answer.events ?? []).map((event) => ({ at: event.timestamp ?? 0, text: event.message ?? '' }));
  };
  const readRest = async (): Promise<readonly TaskLogLine[]> => {
    const lines: TaskLogLine[] = [];
    const deadline = performance.now() + 2000;
    for (let quiet = 0; quiet < 4 && performance.now() < deadline; ) {
      const more = await read();
      lines.push(...more);
      quiet = more.length > 0 ? 0 : quiet + 1;
      await pause(100);
    }
    return lines;
  };
  return { read, readRest, close: () => client.destroy() };
}

/** Streams are named `PREFIX/CONTAINER/TASK`; those written last come first. */
async function findStream(client: CloudWatchLogsClient, taskId: string): Promise<string | undefined> {
  const { logStreams } = await client.send(
    new DescribeLogStreamsCommand({ logGroupName: taskLogGroup, orderBy: 'LastEventTime', descending: true }),
  );
  return (logStreams ?? []).find((stream) => stream.logStreamName?.endsWith(`/${taskId}`))?.logStreamName;
}
