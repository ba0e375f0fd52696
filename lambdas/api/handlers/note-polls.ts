// Notes that somebody asks for work, so that queues and deployments show READY. Seldom enough to cost little.
import type { WorkQueue } from '../../../shared/domain/catalogue.ts';
import type { ApiDeps } from '../deps.ts';

/** A poll comes every 10 s or so; what is shown as alive is a minute old at most. */
const notedMilliseconds = 20_000;

/** One try each: whoever was faster has noted a poll or a change, and the next poll comes soon. */
export async function notePolledQueues({ catalogue, world }: ApiDeps, queues: readonly WorkQueue[]): Promise<void> {
  const now = world.now();
  const due = queues.filter((queue) => isDue(queue, now));
  await Promise.all(due.map((queue) => catalogue.workQueues.change(queue, { ...queue, lastPolled: now })));
}

export async function notePolledDeployments({ catalogue, world }: ApiDeps, ids: readonly string[]): Promise<void> {
  const now = world.now();
  const deployments = await Promise.all([...new Set(ids)].map((id) => catalogue.deployments.read(id)));
  const due = deployments.filter((deployment) => deployment !== undefined).filter((known) => isDue(known, now));
  await Promise.all(due.map((known) => catalogue.deployments.change(known, { ...known, lastPolled: now })));
}

function isDue({ lastPolled = 0 }: { readonly lastPolled?: number }, now: number): boolean {
  return now - lastPolled >= notedMilliseconds;
}
