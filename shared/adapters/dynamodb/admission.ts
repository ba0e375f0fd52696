// The admission item: the pump's lease, its epoch and the launch-time reservations, moved by one conditional put.
import { randomUUID } from 'node:crypto';
import type { AdmissionState } from '../../domain/submit/admission.ts';
import type { Admission } from '../../ports/admission.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, toItem } from './items.ts';
import { admissionKey } from './table.ts';
import { get, put } from './writes.ts';

export type AdmissionStoreOptions = {
  readonly client: DocumentClient;
  readonly table: string;
  readonly newId?: () => string;
};

export function createAdmission({ client, table, newId = randomUUID }: AdmissionStoreOptions): Admission {
  return {
    async read() {
      const item = await get(client, table, admissionKey);
      return item === undefined ? undefined : fromItem<AdmissionState>(item);
    },

    write(before, after) {
      const version = (before?.version ?? 0) + 1;
      const writeId = newId();
      // A lease whose own taker is told that it is held would idle until it expires: our repeated write is a success.
      return put(client, {
        TableName: table,
        Item: toItem(admissionKey, { ...after, version }, { version, write_id: writeId }),
        ConditionExpression: `${before === undefined ? 'attribute_not_exists(pk)' : 'version = :before'} OR write_id = :mine`,
        ExpressionAttributeValues: {
          ':mine': writeId,
          ...(before === undefined ? {} : { ':before': before.version }),
        },
      });
    },
  };
}
