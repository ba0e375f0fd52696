// The control table's stream and the publish Lambda behind it: two shards, in order within each, at least once.

import { runFromItem } from '../../../shared/adapters/dynamodb/run-items.ts';
import { isRunHeadKey, shardOf } from '../../../shared/adapters/dynamodb/table.ts';
import { createOutbox } from '../../../shared/adapters/sqs/hints.ts';
import type { Run } from '../../../shared/domain/run/run.ts';
import type { HeadChange } from '../../../shared/ports/publishing.ts';
import { publishChanges } from '../../../shared/use-cases/publish-changes.ts';
import type { Dice } from '../../differential/sequences/dice.ts';
import type { Change } from './database-types.ts';
import type { Diary } from './diary.ts';
import type { Item } from './expressions.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Kernel } from './kernel.ts';
import type { Lambdas } from './lambdas.ts';
import type { Tables } from './tables.ts';

export type PublisherOptions = {
  readonly kernel: Kernel;
  readonly tables: Tables;
  readonly lambdas: Lambdas;
  readonly diary: Diary;
  readonly faults: FaultPlan;
  readonly dice: Dice;
};

export type Publisher = {
  /** Something may have been written. */
  wake(): void;
  /** What publish sends on its way out. */
  receive(body: string): void;
  /** The stream of another table: it begins empty, and what was left in the former one is read by nobody. */
  beginAnew(): void;
};

type Shard = { readonly name: string; next: number; isBusy: boolean; readonly records: HeadChange[] };

const shardCount = 2;

function newShards(table: string): Shard[] {
  const names = Array.from({ length: shardCount }, (_, place) => `${table}-shard-${place}`);
  return names.map((name) => ({ name, next: 0, isBusy: false, records: [] }));
}

const batchSize = 50;

export function createPublisher({ kernel, tables, lambdas, diary, faults, dice }: PublisherOptions): Publisher {
  let shards = newShards('table');
  let seen = 0;

  const collect = () => {
    for (; seen < tables.changes.length; seen += 1) {
      const change = tables.changes[seen];
      if (change === undefined || !isRunHeadKey(change.key)) continue;
      shards[shardOf(change.key.pk) % shardCount]?.records.push(headChangeOf(change, seen + 1));
    }
  };

  const take = async (shard: Shard): Promise<void> => {
    shard.isBusy = true;
    const changes = shard.records.slice(shard.next, shard.next + batchSize);
    const last = changes.at(-1)?.sequence ?? '';
    const outcome = await lambdas.invoke('publish', (deps) =>
      publishChanges(
        {
          counters: deps.counters,
          outbox: createOutbox(deps.queueClient, 'outbox'),
          eventSink: { send: async () => undefined },
          runEvents: async () => [],
        },
        shard.name,
        { last, changes },
      ),
    );
    const isAgain = outcome.kind !== 'done' || faults.onMessage('stream') === 'doubled';
    if (outcome.kind === 'failed' && !/^planned /.test(String((outcome.error as Error).message)))
      diary.surprises.push(`publish: ${String((outcome.error as Error).stack)}`);
    if (!isAgain) shard.next += changes.length;
    kernel.at(kernel.now() + (isAgain ? 1_000 : 5), () => {
      shard.isBusy = false;
      look();
    });
  };

  const look = () => {
    collect();
    for (const shard of shards) {
      if (!shard.isBusy && shard.next < shard.records.length) void take(shard);
    }
  };

  let isWoken = false;
  return {
    wake() {
      if (isWoken) return;
      isWoken = true;
      kernel.at(kernel.now() + dice.whole(100, 3_000), () => {
        isWoken = false;
        look();
      });
    },
    receive(body) {
      diary.published.add(String((JSON.parse(body) as { id: unknown }).id));
    },
    beginAnew() {
      seen = tables.changes.length;
      shards = newShards(`table-${seen}`);
    },
  };
}

const unpacked = new WeakMap<Item, Run>();

/** A head as a record's image has it; a tombstone has none. */
export function headOf(item: Item | undefined): Run | undefined {
  if (!(item?.['doc'] instanceof Uint8Array)) return undefined;
  const run = unpacked.get(item) ?? runFromItem(item).run;
  unpacked.set(item, run);
  return run;
}

function headChangeOf({ before, after }: Change, sequence: number): HeadChange {
  const [was, is] = [headOf(before), headOf(after)];
  return {
    sequence: String(sequence),
    ...(was === undefined ? {} : { before: was }),
    ...(is === undefined ? {} : { after: is }),
  };
}
