// Records planned runs: many heads in one transaction, on the condition that the deployment's plan is still the one
// that they were computed from. So a pass that works on an old deployment can record nothing.
import type { PlannedRuns } from '../../ports/planned-runs.ts';
import { putAll, type RunStoreOptions } from './head-writes.ts';
import { bodyItem, headItem, isSmallBody } from './run-items.ts';
import { catalogueKey } from './table.ts';
import { transact } from './writes.ts';

export function createPlannedRuns({ client, table, newId }: RunStoreOptions): PlannedRuns {
  return {
    async record(runs, { deploymentId, version }) {
      const large = runs.filter(({ body }) => !isSmallBody(body));
      await putAll(
        client,
        table,
        large.map(({ run, body }) => bodyItem(run.id, run.bodyId, body)),
      );
      const heads = runs.map(({ run, body }) => ({
        Put: {
          TableName: table,
          Item: headItem(isSmallBody(body) ? { ...run, body } : run, newId()),
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      }));
      const planned = {
        ConditionCheck: {
          TableName: table,
          Key: catalogueKey('deployment', deploymentId),
          ConditionExpression: 'plan_version = :version',
          ExpressionAttributeValues: { ':version': version },
        },
      };
      return transact(client, [planned, ...heads]);
    },
  };
}
