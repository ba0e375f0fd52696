// What the deployed Lambdas said lately, for the error of a test that waited in vain.
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Emulator } from './emulator.ts';

const linesEach = 12;

export async function readLambdaLogs(emulator: Emulator): Promise<string> {
  const logs = new CloudWatchLogsClient(emulator.client);
  const { logGroups } = await logs.send(new DescribeLogGroupsCommand({}));
  const names = (logGroups ?? []).flatMap(({ logGroupName }) => logGroupName ?? []);
  const parts = await Promise.all(
    names.map(async (logGroupName) => {
      const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
      const lines = (events ?? []).slice(-linesEach).map(({ message }) => `  ${message?.trim().slice(0, 600)}`);
      return lines.length === 0 ? [] : [`${logGroupName}:`, ...lines];
    }),
  );
  return parts.flat().join('\n');
}
