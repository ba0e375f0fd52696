// Artifacts, and the latest of each key.
import type { artifactRoutes } from '../../../shared/contract/artifacts.ts';
import type { Handlers } from '../../../shared/contract/define-routes.ts';
import type { Artifact, ArtifactCollection } from '../../../shared/domain/artifact/artifact.ts';
import { inArtifactOrder } from '../../../shared/domain/filter/artifact-filters.ts';
import { timedId } from '../../../shared/domain/identity.ts';
import type { CollectionChange } from '../../../shared/ports/artifacts.ts';
import type { ApiDeps } from '../deps.ts';
import { found, notFound } from '../refusal.ts';
import { artifactToWire, collectionToWire } from '../wire/artifacts.ts';
import { orNone, present } from '../wire/present.ts';
import { announce } from './announce.ts';
import { changing } from './changing.ts';
import { countArtifacts, findArtifacts, findCollections } from './find-artifacts.ts';
import { cut, windowOf } from './paging.ts';

const missing = 'Artifact not found.';

/** Each key with its latest artifact; one whose artifact goes at this moment is left out. */
async function withLatest({ artifacts }: ApiDeps, collections: readonly ArtifactCollection[]) {
  const heads = await artifacts.readHeads(collections.map(({ latestId }) => latestId));
  const latest = new Map((await artifacts.fill(heads)).map((artifact) => [artifact.id, artifact]));
  return collections.flatMap((collection) => {
    const artifact = latest.get(collection.latestId);
    return artifact === undefined ? [] : [collectionToWire(collection, artifact)];
  });
}

/** An event shows what an artifact shows, unless that is more than an event should carry. */
const largestEventData = 100_000;

async function announceKey(deps: ApiDeps, change: CollectionChange, latest: Artifact | undefined): Promise<void> {
  if (change.kind === 'untouched') return;
  const { id, key, latestId, type, flowRunId, taskRunId } = change.collection;
  const data = latest?.data ?? null;
  const related = [
    { 'prefect.resource.id': `prefect.artifact.${latestId}`, 'prefect.resource.role': 'latest' },
    ...(flowRunId === undefined
      ? []
      : [{ 'prefect.resource.id': `prefect.flow-run.${flowRunId}`, 'prefect.resource.role': 'flow-run' }]),
    ...(taskRunId === undefined
      ? []
      : [{ 'prefect.resource.id': `prefect.task-run.${taskRunId}`, 'prefect.resource.role': 'task-run' }]),
  ];
  await announce(deps, {
    kind: 'artifact-collection',
    action: change.kind,
    id,
    name: key,
    payload: {
      key,
      type: type ?? null,
      data: JSON.stringify(data).length > largestEventData ? null : data,
      description: latest?.description ?? null,
    },
    related,
  });
}

export const artifactHandlers = {
  async create_artifact({ body }, deps) {
    const { artifacts, world } = deps;
    const now = world.now();
    const artifact: Artifact = present({
      id: timedId(now, world.newId()),
      created: now,
      updated: now,
      version: 1,
      key: orNone(body.key),
      type: orNone(body.type),
      description: orNone(body.description),
      data: body.data ?? null,
      metadata: orNone(body.metadata_),
      flowRunId: orNone(body.flow_run_id),
      taskRunId: orNone(body.task_run_id),
    });
    await announceKey(deps, await artifacts.create(artifact), artifact);
    return { isNew: true, value: artifactToWire(artifact) };
  },

  read_artifact: async ({ params }, { artifacts }) => artifactToWire(found(await artifacts.read(params.id), missing)),

  /** As with Prefect, the id is the key's own, not that of the artifact. */
  async read_latest_artifact({ params }, deps) {
    const collection = found(await deps.artifacts.readCollection(params.key), missing);
    const [latest] = await withLatest(deps, [collection]);
    const { latest_id: _latestId, ...shown } = found(latest, missing);
    return shown;
  },

  async read_artifacts({ body }, deps) {
    const heads = await findArtifacts(deps, body, { sort: body.sort, window: windowOf(body) });
    return (await deps.artifacts.fill(heads)).map(artifactToWire);
  },

  async read_latest_artifacts({ body }, deps) {
    const window = windowOf(body);
    const collections = inArtifactOrder(await findCollections(deps, body), body.sort);
    return withLatest(deps, cut(collections, window));
  },

  count_artifacts: ({ body }, deps) => countArtifacts(deps, body),
  count_latest_artifacts: async ({ body }, deps) => (await findCollections(deps, body)).length,

  async update_artifact({ params, body }, { artifacts, world }) {
    const sent = new Set(Object.keys(body));
    const changed = await changing(
      { read: () => artifacts.read(params.id), write: (before, after) => artifacts.change(before, after) },
      ({ description, metadata, ...rest }): Artifact =>
        present({
          ...rest,
          updated: world.now(),
          description: sent.has('description') ? orNone(body.description) : description,
          metadata: sent.has('metadata_') ? orNone(body.metadata_) : metadata,
          ...(sent.has('data') ? { data: body.data ?? null } : {}),
        }),
    );
    found(changed, missing);
  },

  async delete_artifact({ params }, deps) {
    const artifact = found(await deps.artifacts.read(params.id), missing);
    const change = await deps.artifacts.remove(artifact);
    if (change === undefined) throw notFound(missing);
    const latest = change.kind === 'updated' ? await deps.artifacts.read(change.collection.latestId) : artifact;
    await announceKey(deps, change, latest);
  },
} satisfies Handlers<typeof artifactRoutes, ApiDeps>;
