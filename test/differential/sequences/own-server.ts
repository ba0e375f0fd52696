// Our API on a real database, with events taken as soon as they are sent.
// Its clock is the machine's: both servers must see the same time.

import { createApi } from '../../../lambdas/api/front.ts';
import { eventStages } from '../../../lambdas/events/stages.ts';
import { createDocumentClient } from '../../../shared/adapters/dynamodb/client.ts';
import { createConnections } from '../../../shared/adapters/dynamodb/connections.ts';
import { createHeartbeats } from '../../../shared/adapters/dynamodb/heartbeats.ts';
import { createTelemetry } from '../../../shared/telemetry/events.ts';
import { publishChanges } from '../../../shared/use-cases/publish-changes.ts';
import { takeEvents } from '../../../shared/use-cases/take-events.ts';
import { context, event, startApi } from '../../api/api-under-test.ts';
import type { Server } from './server.ts';

export type OwnServer = Server & {
  /** Counts the runs there are, once: what the stream's consumer does as they come. */
  countRuns(): Promise<void>;
};

export async function startOwnServer(): Promise<OwnServer> {
  const api = await startApi();
  const control = { client: createDocumentClient(), table: 'slipway-control' };
  const stages = eventStages({
    ...api.deps,
    store: api.eventStore,
    telemetry: createTelemetry(() => {}),
    connections: createConnections({ ...control, now: () => Date.now() }),
    sender: { post: api.taskQueueDeps.sender.post, close: async () => {} },
    heartbeats: createHeartbeats(control),
  });
  /** What the queues' consumers would do by the time a client asks again. */
  const settle = async () => {
    for (const hint of api.hints.submitted.splice(0)) {
      if ('lane' in hint) await api.lanes.touch(hint.lane, Date.now() + 60_000);
    }
    const [failure] = (await takeEvents(stages, api.sentEvents.splice(0))).values();
    if (failure !== undefined) throw failure;
  };
  // The handler itself: calls made here are no proof of what the api's own tests show.
  const handler = createApi(api.deps, { checksResponses: true });
  return {
    name: 'slipway',
    ask: async (method, target, text) => {
      api.clock.now = Date.now();
      const [path = '', query = ''] = target.split('?');
      const call = { query, ...(text === undefined ? {} : { text }) };
      const answer = await handler(event(method, decodeURIComponent(`/api${path}`), call), context(25_000));
      await settle();
      const isJson = answer.headers['content-type'] === 'application/json';
      return { status: answer.statusCode, body: isJson ? JSON.parse(answer.body ?? 'null') : answer.body };
    },
    countRuns: async () => {
      const nothing = { send: async () => {} };
      const deps = { counters: api.counters, outbox: nothing, eventSink: nothing, runEvents: async () => [] };
      const { items } = await api.deps.runs.list({ limit: 1000 });
      const runs = await Promise.all(items.map((id) => api.deps.runs.read(id)));
      const changes = runs.flatMap((after) => (after === undefined ? [] : [{ sequence: '1', after }]));
      await publishChanges(deps, 'shard', { last: '1', changes });
    },
    close: async () => {
      control.client.destroy();
      await api.close();
    },
  };
}
