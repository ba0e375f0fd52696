// Where the body of a run lies: a small one in the head, a larger one in an item, a large one in an object that its item
// names. Rule: item and object are written before a head names them, the item first, so that whatever deletes the run
// finds every object that was begun.
import { AppError } from '../../domain/errors.ts';
import type { RunBody } from '../../domain/run/run.ts';
import type { LargeBodies } from '../../ports/large-bodies.ts';
import type { Runs } from '../../ports/runs.ts';
import type { RunStoreOptions } from './head-writes.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { format, runBodyItemKey, runIdOfPartition } from './table.ts';
import { get, getMany, put } from './writes.ts';

export type BodyStoreOptions = RunStoreOptions & { readonly largeBodies: LargeBodies };

/** Bodies up to this many bytes are part of the head. */
const smallBodyBytes = 300;
/** Bodies up to this many bytes are items, which hold 400 KB with all that is in them. */
const largestItemBodyBytes = 300_000;
/** Lambda takes and gives 6 MB: what is larger could be written, but not be read. */
const largestBodyBytes = 5_500_000;

export function isSmallBody(body: RunBody): boolean {
  return bytesOf(JSON.stringify(body)) <= smallBodyBytes;
}

/** The object that the item of a body names. */
export function objectOfBody({ s3 }: Item): { readonly key: string; readonly bytes: number } | undefined {
  return s3 as ReturnType<typeof objectOfBody>;
}

type Bodies = Pick<Runs, 'readBody' | 'readBodies' | 'writeBody'>;

export function createRunBodies({ client, table, largeBodies }: BodyStoreOptions): Bodies {
  const bodyOf = async (item: Item | undefined): Promise<RunBody | undefined> => {
    if (item === undefined) return undefined;
    const object = objectOfBody(item);
    if (object === undefined) return fromItem<RunBody>(item);
    const text = await largeBodies.read(object.key);
    return text === undefined ? undefined : JSON.parse(text);
  };

  return {
    async readBody(run) {
      const body = run.body ?? (await bodyOf(await get(client, table, runBodyItemKey(run.id, run.bodyId))));
      if (body === undefined) throw new Error(`run ${run.id} has no body ${run.bodyId}`);
      return body;
    },

    async readBodies(runs) {
      const small = runs.flatMap(({ id, body }): [string, RunBody][] => (body === undefined ? [] : [[id, body]]));
      const keys = runs.filter(({ body }) => body === undefined).map((run) => runBodyItemKey(run.id, run.bodyId));
      const items = await getMany(client, table, keys);
      const others = await Promise.all(
        items.map(async (item): Promise<[string, RunBody][]> => {
          const body = await bodyOf(item);
          return body === undefined ? [] : [[runIdOfPartition(String(item['pk'])), body]];
        }),
      );
      return new Map([...small, ...others.flat()]);
    },

    async writeBody(runId, bodyId, body) {
      const key = runBodyItemKey(runId, bodyId);
      const text = JSON.stringify(body);
      const bytes = bytesOf(text);
      if (bytes <= largestItemBodyBytes) {
        await put(client, { TableName: table, Item: toItem(key, body) });
        return;
      }
      if (bytes > largestBodyBytes) throw tooLarge(bytes);
      const s3 = { key: objectKey(runId, bodyId), bytes };
      await put(client, { TableName: table, Item: { ...key, format, s3 } });
      await largeBodies.put(s3.key, text);
    },
  };
}

/** As the item's key: a body that is written again is the same object. */
function objectKey(runId: string, bodyId: string): string {
  return `runs/${runId}/${bodyId}`;
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

function tooLarge(bytes: number): AppError {
  const words = 'parameters, job variables, context and labels of a run may take';
  return new AppError('too_large', `${words} ${largestBodyBytes} bytes together, got ${bytes}`);
}
