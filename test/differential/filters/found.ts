// What an answer found, whichever way it says so: names of the scene's things, in order, or numbers.
import { isRecord } from '../sequences/compare.ts';
import type { Answer } from '../sequences/server.ts';

/** One entry for each thing of the scene, or for each number that is told. Others, as what a server comes with, are left out. */
export function foundIn({ status, body }: Answer, names: ReadonlyMap<string, string>): readonly string[] {
  if (status !== 200) return [`refused with ${status}: ${JSON.stringify(body).slice(0, 300)}`];
  if (typeof body === 'number') return [String(body)];
  const list = Array.isArray(body) ? body : isRecord(body) ? (body['results'] ?? body['events'] ?? countsIn(body)) : [];
  return (Array.isArray(list) ? list : []).flatMap((entry) =>
    isRecord(entry) ? entryOf(entry, names) : [String(entry)],
  );
}

function entryOf(entry: Readonly<Record<string, unknown>>, names: ReadonlyMap<string, string>): readonly string[] {
  const { id, latest_id, states, label, count, message, last_heartbeat_time, name: workerName } = entry;
  if (Array.isArray(states)) return states.map((state) => `${state.state_name}: ${state.count_runs}`);
  if (count !== undefined) return [`${label}: ${count}`];
  const thing = latest_id ?? id;
  if (typeof thing !== 'string') return countsIn(entry);
  // Log lines and workers are made without an answer that tells their id.
  const name = names.get(thing) ?? message ?? (last_heartbeat_time === undefined ? undefined : workerName);
  return name === undefined ? [] : [String(name)];
}

/** The numbers that are not 0, by name. */
function countsIn(counts: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(counts).flatMap(([name, count]) => (Number(count) > 0 ? [`${name}: ${count}`] : []));
}
