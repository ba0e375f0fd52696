// What a transaction writes for slots that are taken or given back: beside a state, a claim, the end of an attempt,
// or alone. A gate is written under the version that was read; a holder that goes needs no condition.
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Taking } from '../../domain/limit/room.ts';
import type { SlotMove } from '../../ports/slot-move.ts';
import { gateItem, holderItem, leaseItem } from './slot-items.ts';
import { leaseKey, slotHolderKey } from './table.ts';

export type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>;

function takingItems(table: string, { gateId, version, holder, spent }: Taking): TransactItems {
  const condition =
    version === 0
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': version } };
  const gate = { Put: { TableName: table, Item: gateItem(gateId, { version: version + 1, spent }), ...condition } };
  return holder === undefined ? [gate] : [gate, { Put: { TableName: table, Item: holderItem(gateId, holder) } }];
}

/** At most 2 items a gate that is taken from, 1 a holder that is given back, 1 a lease. DynamoDB takes 100 in all. */
export function slotWrites(table: string, move: SlotMove): TransactItems {
  const { take, give, lease, endedLeaseId } = move;
  // Taking again what is given back is one put: no transaction may name an item twice.
  const taken = new Set(take.map(({ gateId, holder }) => JSON.stringify([gateId, holder?.key])));
  const gone = give.filter(({ gateId, key }) => !taken.has(JSON.stringify([gateId, key])));
  return [
    ...take.flatMap((taking) => takingItems(table, taking)),
    ...(lease === undefined ? [] : [{ Put: { TableName: table, Item: leaseItem(lease) } }]),
    ...gone.map(({ gateId, key }) => ({ Delete: { TableName: table, Key: slotHolderKey(gateId, key) } })),
    ...(endedLeaseId === undefined ? [] : [{ Delete: { TableName: table, Key: leaseKey(endedLeaseId) } }]),
  ];
}
