// The admission item: the pump's lease, its epoch and the launch-time reservations, moved by one conditional put.
import type { AdmissionState } from '../../domain/submit/admission.ts';
import type { Admission } from '../../ports/admission.ts';
import type { DocumentClient } from './client.ts';
import { fromItem, toItem } from './items.ts';
import { admissionKey } from './table.ts';
import { get, put } from './writes.ts';

export function createAdmission({ client, table }: { client: DocumentClient; table: string }): Admission {
  return {
    async read() {
      const item = await get(client, table, admissionKey);
      return item === undefined ? undefined : fromItem<AdmissionState>(item);
    },

    write(before, after) {
      const version = (before?.version ?? 0) + 1;
      return put(client, {
        TableName: table,
        Item: toItem(admissionKey, { ...after, version }, { version }),
        ...(before === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before.version } }),
      });
    },
  };
}
