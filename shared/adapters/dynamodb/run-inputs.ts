// Inputs of runs, one item a key beside the run's head; they go with the run.
import type { RunInput, RunInputs } from '../../ports/run-inputs.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { buriedAttempt } from './run-items.ts';
import { runHeadKey, runInputKey, runInputPrefix } from './table.ts';
import { get, queryAll, remove, transact } from './writes.ts';

const maximumRaces = 8;

export function inputItem(input: RunInput): Item {
  return toItem(runInputKey(input.runId, input.key), input);
}

export function createRunInputs({ client, table }: { client: DocumentClient; table: string }): RunInputs {
  const read = async (runId: string, key: string): Promise<RunInput | undefined> => {
    const item = await get(client, table, runInputKey(runId, key));
    return item === undefined ? undefined : fromItem<RunInput>(item);
  };

  return {
    read,

    async create(input) {
      const { runId, key } = input;
      for (let race = 0; race < maximumRaces; race += 1) {
        const write = await transact(client, [
          {
            Put: {
              TableName: table,
              Item: inputItem(input),
              ConditionExpression: 'attribute_not_exists(pk)',
            },
          },
          // No input outlives its run: a deletion and this write cannot both win.
          {
            ConditionCheck: { TableName: table, Key: runHeadKey(runId), ConditionExpression: 'attribute_exists(doc)' },
          },
        ]);
        if (write === 'written') return 'created';
        const [there, head] = await Promise.all([read(runId, key), get(client, table, runHeadKey(runId))]);
        if (head === undefined || buriedAttempt(head) !== undefined) return 'no-run';
        // A repeat of our own write whose reply was lost.
        if (there !== undefined) return there.id === input.id ? 'created' : 'exists';
      }
      throw Object.assign(new Error(`run ${runId} changes too fast`), { name: 'TransactionConflictException' });
    },

    async list(runId, prefix) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': runHeadKey(runId).pk, ':prefix': runInputPrefix(prefix) },
      });
      return items.map((item) => fromItem<RunInput>(item)).sort((one, other) => one.created - other.created);
    },

    async remove(runId, key) {
      const removal = { TableName: table, Key: runInputKey(runId, key), ConditionExpression: 'attribute_exists(pk)' };
      return (await remove(client, removal)) === 'written';
    },
  };
}
