// Reads what containers wrote from CloudWatch Logs (GetLogEvents: at most 1 MB or 10,000 lines a page; the end is where
// a token leads to itself).
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { ContainerOutput } from '../../ports/container-output.ts';
import { callSettings, leanClient } from '../sdk.ts';

export function createContainerOutput(client: CloudWatchLogsClient = createClient()): ContainerOutput {
  return {
    async *read({ group, stream }) {
      let token: string | undefined;
      for (;;) {
        const page = await client
          .send(
            new GetLogEventsCommand({
              logGroupName: group,
              logStreamName: stream,
              startFromHead: true,
              nextToken: token,
            }),
          )
          .catch(absent);
        if (page === undefined) return;
        const events = page.events ?? [];
        if (events.length > 0) {
          yield events.map(({ timestamp = 0, message = '' }) => ({
            timestamp,
            message: message.replace(/\r?\n$/, ''),
          }));
        }
        if (page.nextForwardToken === undefined || page.nextForwardToken === token) return;
        token = page.nextForwardToken;
      }
    },
  };
}

function createClient(): CloudWatchLogsClient {
  return leanClient(
    new CloudWatchLogsClient({
      maxAttempts: 3,
      ...callSettings({ answerMs: 5_000, connectionMs: 1_000 }),
    }),
  );
}

/** No such group or stream: the container never ran, or its output is gone. */
function absent(error: unknown): undefined {
  if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
  throw error;
}
