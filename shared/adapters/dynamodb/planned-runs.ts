// Records planned runs: many heads in one transaction, on the condition that the deployment's plan is still the one
// that they were computed from. So a pass that works on an old deployment can record nothing.
import type { PlannedRuns } from '../../ports/planned-runs.ts';
import { type BodyStoreOptions, createRunBodies, isSmallBody } from './run-bodies.ts';
import { headItem } from './run-items.ts';
import { catalogueKey } from './table.ts';
import { transact } from './writes.ts';

export function createPlannedRuns(options: BodyStoreOptions): PlannedRuns {
  const { client, table, newId } = options;
  const { writeBody } = createRunBodies(options);
  return {
    async record(runs, { deploymentId, version }) {
      const large = runs.filter(({ body }) => !isSmallBody(body));
      await Promise.all(large.map(({ run, body }) => writeBody(run.id, run.bodyId, body)));
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
