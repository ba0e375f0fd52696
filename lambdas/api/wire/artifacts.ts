// Artifacts and the latest of each key for the wire.
import type { z } from 'zod';
import type { artifact, artifactCollection } from '../../../shared/contract/artifacts.ts';
import type { Artifact, ArtifactCollection } from '../../../shared/domain/artifact/artifact.ts';
import { isoText } from './times.ts';

function shown(item: Artifact) {
  return {
    type: item.type ?? null,
    description: item.description ?? null,
    data: item.data,
    metadata_: item.metadata === undefined ? null : { ...item.metadata },
    flow_run_id: item.flowRunId ?? null,
    task_run_id: item.taskRunId ?? null,
  };
}

export function artifactToWire(item: Artifact): z.input<typeof artifact> {
  const { id, created, updated, key } = item;
  return { id, created: isoText(created), updated: isoText(updated), key: key ?? null, ...shown(item) };
}

/** The entry of a key, showing its latest artifact. */
export function collectionToWire(
  { id, created, updated, key, latestId }: ArtifactCollection,
  latest: Artifact,
): z.input<typeof artifactCollection> {
  return { id, created: isoText(created), updated: isoText(updated), key, latest_id: latestId, ...shown(latest) };
}
