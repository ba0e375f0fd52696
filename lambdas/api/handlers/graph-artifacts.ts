// The artifacts of a flow run as its graph shows them: oldest first, results and those of no type left out, as in
// Prefect's graph.
import type { Json } from '../../../shared/domain/json.ts';
import type { Artifacts } from '../../../shared/ports/artifacts.ts';

export type GraphArtifact = {
  readonly id: string;
  readonly taskRunId?: string;
  readonly created: number;
  readonly key?: string;
  readonly type?: string;
  readonly isLatest: boolean;
  readonly data?: Json;
};

/** Prefect's `server.api.max_graph_artifacts`. */
const mostArtifacts = 10_000;

type Store = Pick<Artifacts, 'listOf' | 'readHeads' | 'fill' | 'readCollection'>;

export async function graphArtifacts(artifacts: Store, flowRunId: string): Promise<readonly GraphArtifact[]> {
  const ids: string[] = [];
  for await (const page of artifacts.listOf('flow_run', flowRunId)) {
    ids.push(...page);
    if (ids.length >= mostArtifacts) break;
  }
  const heads = (await artifacts.readHeads(ids)).filter(({ type }) => type !== undefined && type !== 'result');
  const inOrder = heads.toSorted((one, other) => one.created - other.created).slice(0, mostArtifacts);
  const keys = [...new Set(inOrder.flatMap(({ key }) => (key === undefined ? [] : [key])))];
  const collections = await Promise.all(keys.map((key) => artifacts.readCollection(key)));
  const latest = new Set(collections.flatMap((collection) => collection?.latestId ?? []));
  // Prefect sends what only progress bars need.
  const bars = await artifacts.fill(inOrder.filter(({ type }) => type === 'progress'));
  const dataOf = new Map(bars.map(({ id, data }) => [id, data]));
  return inOrder.map(({ id, taskRunId, created, key, type }) => ({
    id,
    created,
    isLatest: key === undefined || latest.has(id),
    data: dataOf.get(id) ?? null,
    ...(taskRunId === undefined ? {} : { taskRunId }),
    ...(key === undefined ? {} : { key }),
    ...(type === undefined ? {} : { type }),
  }));
}
