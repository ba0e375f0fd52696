// `/task_runs/subscriptions/scheduled`: a task worker names its tasks, is sent one task run at a time, and says that it
// got it. Source: Prefect's `scheduled_task_subscription`, close codes and reasons included.
import { z } from 'zod';
import type { Connections } from '../../shared/ports/connections.ts';
import {
  acknowledgeTaskRun,
  subscribeTaskWorker,
  unsubscribeTaskWorker,
} from '../../shared/use-cases/subscribe-task-worker.ts';
import type { TaskQueueDeps } from '../../shared/use-cases/wake-task-workers.ts';
import { type Conversation, closeCodes, type End } from './conversation.ts';

export type TaskWorkerDeps = TaskQueueDeps & { readonly connections: Pick<Connections, 'subscribe'> };

const subscription = z.object({
  type: z.literal('subscribe', { error: 'message' }),
  keys: z.array(z.string(), { error: 'keys' }).min(1, { error: 'keys' }),
  client_id: z.string({ error: 'client_id' }).min(1, { error: 'client_id' }),
});

const violations: Readonly<Record<string, string>> = {
  message: "expected 'subscribe' message",
  keys: "expected 'keys' in subscribe message",
  client_id: "expected 'client_id' in subscribe message",
};

export function serveTaskWorkers(deps: TaskWorkerDeps): Conversation {
  return {
    async take(connection, frame) {
      if (connection.subscription === undefined) {
        const parsed = subscription.safeParse(frame);
        if (!parsed.success) return violation(violations[parsed.error.issues[0]?.message ?? ''] ?? 'bad message');
        const { keys, client_id: clientId } = parsed.data;
        const isThere = await deps.connections.subscribe(connection, {
          filter: { keys, client_id: clientId },
          since: deps.world.now(),
        });
        const { id: connectionId, expiresAt } = connection;
        if (isThere) await subscribeTaskWorker(deps, { connectionId, clientId, taskKeys: keys, expiresAt });
        return undefined;
      }
      if (frame['type'] === 'quit') return { code: closeCodes.normal, reason: '' };
      if (frame['type'] !== 'ack') return violation("expected 'ack' message");
      await acknowledgeTaskRun(deps, connection.id);
      return undefined;
    },

    leave: ({ id }) => unsubscribeTaskWorker(deps, id),
  };
}

/** A code of Prefect's own. */
function violation(problem: string): End {
  return { code: 4001, reason: `Protocol violation: ${problem}` };
}
