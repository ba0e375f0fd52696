// What a deleted run leaves behind: its details go at once, its attempts and the list of its children stay for a while,
// since a task of it may still live and speak.
import { timing } from '../../domain/run/timing.ts';
import { type BodyStoreOptions, objectOfBody } from './run-bodies.ts';
import { isRunDetailKey, isRunTraceKey, runHeadKey } from './table.ts';
import { queryAll, remove, update } from './writes.ts';

export async function sweepDeletedRun(
  { client, table, now, largeBodies }: BodyStoreOptions,
  runId: string,
): Promise<void> {
  const items = await queryAll(client, {
    TableName: table,
    // A body that was just written must not be missed: nobody else would ever remove its object.
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': runHeadKey(runId).pk },
    ProjectionExpression: 'pk, sk, due_key, s3',
  });
  const keys = items.map((item) => ({ pk: String(item['pk']), sk: String(item['sk']), due: item['due_key'] }));
  await Promise.all(items.flatMap((item) => objectOfBody(item) ?? []).map(({ key }) => largeBodies.remove(key)));
  const expiresAt = Math.ceil((now() + timing.tracesKept) / 1000);
  await Promise.all([
    ...keys.filter(isRunDetailKey).map(({ pk, sk }) => remove(client, { TableName: table, Key: { pk, sk } })),
    // An open attempt gets its end when it is closed.
    ...keys
      .filter(({ pk, sk, due }) => due === undefined && isRunTraceKey({ pk, sk }))
      .map(({ pk, sk }) =>
        update(client, {
          TableName: table,
          Key: { pk, sk },
          UpdateExpression: 'SET expires_at = :at',
          ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(due_key)',
          ExpressionAttributeValues: { ':at': expiresAt },
        }),
      ),
  ]);
}
