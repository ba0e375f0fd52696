// How far each shard of the table's stream has been handed over, kept in one small file.
// Rule: the file is replaced, never changed in place; one that cannot be read means "from the beginning".

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

export type Checkpoints = {
  read(streamArn: string, shardId: string): string | undefined;
  write(streamArn: string, shardId: string, sequenceNumber: string): void;
};

const content = z.object({ streamArn: z.string(), shards: z.record(z.string(), z.string()) });
type Content = z.infer<typeof content>;

/** Positions of another stream (the table was made anew) are forgotten. */
export function openCheckpoints(file: string): Checkpoints {
  let kept: Content = readContent(file) ?? { streamArn: '', shards: {} };
  return {
    read: (streamArn, shardId) => (kept.streamArn === streamArn ? kept.shards[shardId] : undefined),
    write: (streamArn, shardId, sequenceNumber) => {
      const shards = kept.streamArn === streamArn ? kept.shards : {};
      kept = { streamArn, shards: { ...shards, [shardId]: sequenceNumber } };
      writeFileSync(`${file}.new`, JSON.stringify(kept));
      renameSync(`${file}.new`, file);
    },
  };
}

function readContent(file: string): Content | undefined {
  try {
    return content.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
