// Reads of runs by id: the head, the state that may lie beside it, the history, the children.
import type { Run } from '../../domain/run/run.ts';
import type { State } from '../../domain/run/state.ts';
import type { Runs } from '../../ports/runs.ts';
import type { RunStoreOptions } from './head-writes.ts';
import { fromItem, type Item } from './items.ts';
import { buriedAttempt, runFromItem } from './run-items.ts';
import { childIdOf, childPrefix, runHeadKey, runStateKey, statePrefix } from './table.ts';
import { get, queryAll } from './writes.ts';

type Place = Pick<RunStoreOptions, 'client' | 'table'>;
type Reads = Pick<Runs, 'read' | 'readMany' | 'readStates' | 'readState' | 'lastAttempt' | 'children'>;

/** The whole run of a head's item. */
export async function wholeRun({ client, table }: Place, item: Item): Promise<Run> {
  const { run, isStateBeside } = runFromItem(item);
  if (!isStateBeside) return run;
  const beside = await get(client, table, runStateKey(run.id, run.state.id));
  return beside === undefined ? run : { ...run, state: fromItem<State>(beside) };
}

export function createRunReads(place: Place): Reads {
  const { client, table } = place;
  const read = async (id: string): Promise<Run | undefined> => {
    const item = await get(client, table, runHeadKey(id));
    return item === undefined || buriedAttempt(item) !== undefined ? undefined : wholeRun(place, item);
  };

  const readStates = async (id: string): Promise<readonly State[]> => {
    // The head first: whatever left it before it was read lies beside it by then.
    const head = await read(id);
    if (head === undefined) return [];
    const items = await queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': runHeadKey(id).pk, ':prefix': statePrefix },
    });
    const left = items.filter((item) => item['left'] === true).map((item) => fromItem<State>(item));
    // A deletion that died half-way leaves states of the id's former life.
    const ours = left.filter(({ timestamp }) => timestamp >= head.created);
    const whole = new Map(ours.map((state) => [state.id, state]));
    for (const { isBeside: _isBeside, ...state } of head.recentStates)
      if (!whole.has(state.id)) whole.set(state.id, state);
    whole.set(head.state.id, head.state);
    return [...whole.values()].sort((one, other) => one.timestamp - other.timestamp);
  };

  return {
    read,

    async readMany(ids) {
      const items = await Promise.all([...new Set(ids)].map((id) => get(client, table, runHeadKey(id))));
      const heads = items.filter((item) => item !== undefined).filter((item) => buriedAttempt(item) === undefined);
      return Promise.all(heads.map((item) => wholeRun(place, item)));
    },

    readStates,

    async readState(runId, stateId) {
      return (await readStates(runId)).find(({ id }) => id === stateId);
    },

    async lastAttempt(runId) {
      const item = await get(client, table, runHeadKey(runId));
      return item === undefined ? undefined : (buriedAttempt(item) ?? runFromItem(item).run.attempt);
    },

    async children(runId) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': runHeadKey(runId).pk, ':prefix': childPrefix },
        ProjectionExpression: 'sk',
      });
      return items.map(({ sk }) => childIdOf(String(sk)));
    },
  };
}
