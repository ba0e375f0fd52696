// A state of a run by its id alone. No index leads from states to runs: the id tells when the state was made, and the
// event of that time, which has the same id, names the run. So a state is found for as long as its event is kept.
import { timeOfId } from '../../../shared/domain/identity.ts';
import type { State } from '../../../shared/domain/run/state.ts';
import type { ApiDeps } from '../deps.ts';

/** A state may be told later than it was made, but not long: a Crashed that is held for ECS's word is the longest. */
const toldWithinMs = 5 * 60_000;
const clocksDifferMs = 5_000;
/** Pages of some hundred events each: busy minutes are not read without end. */
const mostPages = 200;
const resourcePrefix = 'prefect.flow-run.';

export async function findRunState(
  { eventStore, runs }: Pick<ApiDeps, 'eventStore' | 'runs'>,
  stateId: string,
): Promise<{ readonly runId: string; readonly state: State } | undefined> {
  const runId = await runOfState(eventStore, stateId);
  const state = runId === undefined ? undefined : await runs.readState(runId, stateId);
  return runId === undefined || state === undefined ? undefined : { runId, state };
}

async function runOfState(eventStore: ApiDeps['eventStore'], stateId: string): Promise<string | undefined> {
  const madeAt = timeOfId(stateId);
  if (madeAt === undefined) return undefined;
  const range = { since: madeAt - clocksDifferMs, until: madeAt + toldWithinMs, order: 'ASC' } as const;
  let pages = 0;
  for await (const page of eventStore.list(range)) {
    const event = page.find(({ id }) => id === stateId);
    const resource = event?.resource['prefect.resource.id'];
    if (resource?.startsWith(resourcePrefix)) return resource.slice(resourcePrefix.length);
    pages += 1;
    if (event !== undefined || pages >= mostPages) return undefined;
  }
  return undefined;
}
