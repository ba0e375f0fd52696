// The admission item: the pump's lease, its epoch and the launch-time reservations, moved by one conditional put.
// It names the table that it was written for: in another one it says that the table was restored from a backup.
import { randomUUID } from 'node:crypto';
import { type AdmissionState, inRestoredTable } from '../../domain/submit/admission.ts';
import type { StopPace } from '../../domain/submit/stop-pace.ts';
import type { Admission, StopPaces } from '../../ports/admission.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, toItem } from './items.ts';
import { admissionKey, stopPaceKey } from './table.ts';
import { readTableIdentity } from './table-identity.ts';
import { get, put } from './writes.ts';

export type AdmissionStoreOptions = {
  readonly client: DocumentClient;
  readonly table: string;
  readonly newId?: () => string;
  /** @default the machine's clock */
  readonly now?: () => number;
  /** Which table this is, where the database cannot tell a copy. @default as the database says */
  readonly tableIdentity?: string | undefined;
};

export function createAdmission({
  client,
  table,
  newId = randomUUID,
  now = Date.now,
  tableIdentity,
}: AdmissionStoreOptions): Admission {
  let known = tableIdentity === undefined ? undefined : Promise.resolve(tableIdentity);
  const identity = (): Promise<string> => {
    known ??= readTableIdentity(client, table).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  return {
    async read() {
      const [item, own] = await Promise.all([get(client, table, admissionKey), identity()]);
      if (item === undefined) return undefined;
      const state = fromItem<AdmissionState>(item);
      const from = item['table_identity'];
      if (typeof from !== 'string' || from === own) return state;
      return inRestoredTable(state, { from, since: now() });
    },

    async write(before, after) {
      const own = await identity();
      const version = (before?.version ?? 0) + 1;
      const writeId = newId();
      // A lease whose own taker is told that it is held would idle until it expires: our repeated write is a success.
      return put(client, {
        TableName: table,
        Item: toItem(admissionKey, { ...after, version }, { version, write_id: writeId, table_identity: own }),
        ConditionExpression: `${before === undefined ? 'attribute_not_exists(pk)' : 'version = :before'} OR write_id = :mine`,
        ExpressionAttributeValues: {
          ':mine': writeId,
          ...(before === undefined ? {} : { ':before': before.version }),
        },
      });
    },
  };
}

/** The pace of StopTask, which the pump need not wait for. In a restored table it is at worst a little too slow. */
export function createStopPaces({
  client,
  table,
  newId = randomUUID,
}: Pick<AdmissionStoreOptions, 'client' | 'table' | 'newId'>): StopPaces {
  return {
    async read() {
      const item = await get(client, table, stopPaceKey);
      return item === undefined ? undefined : fromItem<StopPace>(item);
    },

    write(before, after) {
      const version = (before?.version ?? 0) + 1;
      const writeId = newId();
      return put(client, {
        TableName: table,
        Item: toItem(stopPaceKey, { ...after, version }, { version, write_id: writeId }),
        ConditionExpression: `${before === undefined ? 'attribute_not_exists(pk)' : 'version = :before'} OR write_id = :mine`,
        ExpressionAttributeValues: { ':mine': writeId, ...(before === undefined ? {} : { ':before': before.version }) },
      });
    },
  };
}
