// The database of the worlds is one in memory. Here every call that a world makes is made to the real local database as
// well, in the same order, and both must answer alike; the world goes on with the real one's answer.
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocumentClient } from '../../shared/adapters/dynamodb/client.ts';
import { createTables, startDatabase, type TestDatabase } from '../support/database.ts';
import type { CallInput } from '../support/world/database-types.ts';
import { playSeed } from '../support/world/play.ts';

let database: TestDatabase;
let client: DynamoDBDocumentClient;
beforeAll(async () => {
  database = await startDatabase();
  client = createDocumentClient();
});
afterAll(async () => {
  client?.destroy();
  await database?.close();
});

const commands = {
  Get: GetCommand,
  BatchGet: BatchGetCommand,
  Query: QueryCommand,
  Put: PutCommand,
  Update: UpdateCommand,
  Delete: DeleteCommand,
  TransactWrite: TransactWriteCommand,
  BatchWrite: BatchWriteCommand,
} as const;

type Answer = {
  readonly Item?: object;
  readonly Items?: readonly object[];
  readonly LastEvaluatedKey?: object;
  readonly Responses?: Readonly<Record<string, readonly object[]>>;
};
type Outcome = { readonly answer: Answer } | { readonly error: Error & { CancellationReasons?: { Code?: string }[] } };

async function outcomeOf(act: () => unknown): Promise<Outcome> {
  try {
    return { answer: (await act()) as Answer };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error };
  }
}

/** The same text for the same item, whatever the order of its attributes. */
function text(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return JSON.stringify(entries.map(([name, part]) => [name, text(part)]).toSorted());
}

/** What must be alike: what was found, whether there is more, what was refused and why. */
function comparable(outcome: Outcome): object {
  if ('error' in outcome) {
    const { name, CancellationReasons: reasons } = outcome.error;
    return { name, reasons: reasons?.map(({ Code }) => Code) };
  }
  const { Item, Items, LastEvaluatedKey, Responses } = outcome.answer;
  return {
    item: Item === undefined ? undefined : text(Item),
    items: Items?.map(text),
    isMore: LastEvaluatedKey !== undefined,
    responses:
      Responses === undefined
        ? undefined
        : Object.values(Responses)
            .flatMap((found) => found.map(text))
            .sort(),
  };
}

const nameIn = (tables: Readonly<Record<string, string>>, name: unknown): string => tables[String(name)] ?? '';

/** The same call in the tables of this play. */
function inTables(input: CallInput, tables: Readonly<Record<string, string>>): CallInput {
  const { TableName, TransactItems, RequestItems, ...rest } = input;
  return {
    ...rest,
    ...(TableName === undefined ? {} : { TableName: nameIn(tables, TableName) }),
    ...(TransactItems === undefined
      ? {}
      : {
          TransactItems: TransactItems.map((one) =>
            Object.fromEntries(Object.entries(one).map(([kind, write]) => [kind, inTables(write, tables)])),
          ),
        }),
    ...(RequestItems === undefined
      ? {}
      : {
          RequestItems: Object.fromEntries(
            Object.entries(RequestItems).map(([name, request]) => [nameIn(tables, name), request]),
          ),
        }),
  };
}

describe('the database of a world', () => {
  it.each([
    { seed: 2, intensity: 0, what: 'without faults, indexes included' },
    { seed: 4, intensity: 100, what: 'with faults, but for indexes, which lag' },
  ])('answers as the real one does, call by call: $what', { timeout: 120_000 }, async ({ seed, intensity }) => {
    const tables = { control: `world-${seed}-control`, bulk: `world-${seed}-bulk` };
    await createTables(database.endpoint, { controlTable: tables.control, bulkTable: tables.bulk });
    const differences: object[] = [];
    const compared = new Map<string, number>();
    const witness = async (operation: string, input: CallInput, make: () => object): Promise<object> => {
      const model = await outcomeOf(make);
      const isLagging = operation === 'Query' && input.IndexName !== undefined && intensity > 0;
      const Command = commands[operation as keyof typeof commands];
      const call = inTables(input, tables);
      const real = isLagging ? model : await outcomeOf(() => client.send(new Command(call as never) as never));
      compared.set(operation, (compared.get(operation) ?? 0) + (isLagging ? 0 : 1));
      const [one, other] = [comparable(model), comparable(real)];
      if (JSON.stringify(one) !== JSON.stringify(other))
        differences.push({ operation, input, model: one, real: other });
      if ('error' in model) throw model.error;
      return 'answer' in real && operation === 'Query' ? real.answer : model.answer;
    };

    const report = await playSeed({ seed, intensity, witness });

    expect(differences.slice(0, 3)).toEqual([]);
    expect(report.violations).toEqual([]);
    expect([...compared.keys()].toSorted()).toEqual(
      Object.keys(commands)
        .filter((name) => name !== 'BatchWrite')
        .toSorted(),
    );
  });
});
