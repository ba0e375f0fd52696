// Notes that somebody asks for work, so that queues and deployments show READY. Seldom enough to cost little.
import type { ApiDeps } from '../deps.ts';

/** A poll comes every 10 s or so; what is shown as alive is a minute old at most. */
const notedMilliseconds = 20_000;

export async function notePolledQueues({ catalogue, world }: ApiDeps, workQueueIds: readonly string[]): Promise<void> {
  const { workQueues } = catalogue;
  await Promise.all(
    workQueueIds.map((id) => notePoll({ read: () => workQueues.read(id), write: workQueues.change }, world.now())),
  );
}

export async function notePolledDeployments({ catalogue, world }: ApiDeps, ids: readonly string[]): Promise<void> {
  const { deployments } = catalogue;
  await Promise.all(
    ids.map((id) => notePoll({ read: () => deployments.read(id), write: deployments.change }, world.now())),
  );
}

type Polled = { readonly lastPolled?: number };

/** One try: whoever was faster has noted a poll or a change, and the next poll comes soon. */
async function notePoll<T extends Polled>(
  store: { readonly read: () => Promise<T | undefined>; readonly write: (before: T, after: T) => Promise<unknown> },
  now: number,
): Promise<void> {
  const before = await store.read();
  if (before === undefined || now - (before.lastPolled ?? 0) < notedMilliseconds) return;
  await store.write(before, { ...before, lastPolled: now });
}
