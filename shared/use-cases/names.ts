// What events say of flows, deployments, pools and queues beside their ids. It may be minutes old, and what was just
// deleted is still known by what it was: an event tells of something that has happened.
import type { Deployment, Flow, WorkPool, WorkQueue } from '../domain/catalogue.ts';
import type { CatalogueChange, Surroundings } from '../domain/event/catalogue-event.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { World } from '../ports/world.ts';
import { createMemory, type Memory } from './remembering.ts';

export type NamesDeps = {
  readonly world: Pick<World, 'now'>;
  readonly catalogue: Pick<Catalogue, 'flows' | 'deployments' | 'workPools' | 'workQueues'>;
};

export type Names = {
  flow(id: string): Promise<Flow | undefined>;
  deployment(id: string): Promise<Deployment | undefined>;
  pool(name: string): Promise<WorkPool | undefined>;
  queue(id: string): Promise<WorkQueue | undefined>;
  around(deployment: Deployment): Promise<Surroundings>;
  /** A change that somebody saw. */
  note(change: CatalogueChange): void;
};

/** Prefect remembers them as long. */
const milliseconds = 5 * 60_000;

export function createNames({ catalogue, world }: NamesDeps): Names {
  const memory = { now: world.now, milliseconds, most: 1000 };
  const flows = createMemory(memory, catalogue.flows.read);
  const deployments = createMemory(memory, catalogue.deployments.read);
  const pools = createMemory(memory, catalogue.workPools.read);
  const queues = createMemory(memory, catalogue.workQueues.read);
  return {
    flow: flows.read,
    deployment: deployments.read,
    pool: pools.read,
    queue: queues.read,
    async around({ flowId, workQueueId, workPoolName }) {
      const [flow, queue, pool] = await Promise.all([
        flows.read(flowId),
        workQueueId === undefined ? undefined : queues.read(workQueueId),
        workPoolName === undefined ? undefined : pools.read(workPoolName),
      ]);
      return { flow, queue, pool };
    },
    note(change) {
      switch (change.kind) {
        case 'flow':
          return noteIn(flows, change, ({ id }) => id);
        case 'deployment':
          return noteIn(deployments, change, ({ id }) => id);
        case 'work-queue':
          return noteIn(queues, change, ({ id }) => id);
        case 'work-pool':
          return noteIn(pools, change, ({ name }) => name);
        case 'variable':
          return;
      }
    },
  };
}

type Seen<Thing> = { readonly before?: Thing | undefined; readonly after?: Thing | undefined };

function noteIn<Thing>(
  memory: Memory<Thing | undefined>,
  { before, after }: Seen<Thing>,
  keyOf: (thing: Thing) => string,
): void {
  const thing = after ?? before;
  if (thing !== undefined) memory.note(keyOf(thing), thing);
}
