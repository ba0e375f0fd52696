// Log lines as messages of the queue `events`, for those who watch; the store has them already.
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { LogLine } from '../../domain/catalogue.ts';
import type { LogLineQueue } from '../../ports/events-queue.ts';

/** Three of them and their envelopes fit into one request of 256 KB, SQS's limit for long. */
const largestMessageBytes = 80_000;
const messagesPerRequest = 3;
/** Characters of a line that travel; written as JSON a character takes six bytes at most. */
const longestMessage = 12_000;

export function createLogLineQueue(client: SQSClient, queueUrl: string): LogLineQueue {
  return {
    async send(lines) {
      const bodies = packs(lines.map(shortened)).map((pack) => JSON.stringify({ logs: pack }));
      for (let at = 0; at < bodies.length; at += messagesPerRequest) {
        const Entries = bodies
          .slice(at, at + messagesPerRequest)
          .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
        const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
        const [failed] = Failed ?? [];
        if (failed !== undefined) throw new Error(`SQS refused log lines: ${failed.Code ?? 'no code'}`);
      }
    },
  };
}

function packs(lines: readonly LogLine[]): LogLine[][] {
  const made: { lines: LogLine[]; bytes: number }[] = [];
  for (const line of lines) {
    const bytes = Buffer.byteLength(JSON.stringify(line)) + 1;
    const last = made.at(-1);
    if (last === undefined || last.bytes + bytes > largestMessageBytes) made.push({ lines: [line], bytes });
    else {
      last.lines.push(line);
      last.bytes += bytes;
    }
  }
  return made.map((pack) => pack.lines);
}

/** The wire of a live line is narrow (128 KB on API Gateway); the store has all of it. */
function shortened(line: LogLine): LogLine {
  const { length } = line.message;
  if (length <= longestMessage) return line;
  const kept = line.message.slice(0, longestMessage);
  return { ...line, message: `${kept} … (${length - longestMessage} more characters: read the run's logs)` };
}
