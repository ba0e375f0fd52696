// The store of artifacts: heads are small and can be read by the hundred, what an artifact shows may be megabytes.
import type { Artifact, ArtifactCollection } from '../domain/artifact/artifact.ts';
import type { Write } from './runs.ts';

/** What lists are filtered by. */
export type ArtifactHead = Omit<Artifact, 'data' | 'description' | 'metadata'>;

/** What artifacts are listed by. */
export type ArtifactOwner = 'key' | 'flow_run' | 'task_run';

/** What became of the entry of an artifact's key. */
export type CollectionChange =
  | { readonly kind: 'created' | 'updated' | 'deleted'; readonly collection: ArtifactCollection }
  | { readonly kind: 'untouched' };

export type Artifacts = {
  /** Makes it the latest of its key unless a newer one is there. */
  create(artifact: Artifact): Promise<CollectionChange>;
  read(id: string): Promise<Artifact | undefined>;
  /** In the order asked for; what is gone is left out. */
  readHeads(ids: readonly string[]): Promise<readonly ArtifactHead[]>;
  /** The whole of each, in the same order. */
  fill(heads: readonly ArtifactHead[]): Promise<readonly Artifact[]>;
  /** Ids, newest first, page by page. Eventually consistent. */
  list(): AsyncIterable<readonly string[]>;
  /** The same for one key, flow run or task run; consistent. */
  listOf(owner: ArtifactOwner, value: string): AsyncIterable<readonly string[]>;
  change(before: ArtifactHead, after: Artifact): Promise<Write>;
  /** The next newest of its key takes its place. undefined: it was gone. */
  remove(artifact: ArtifactHead): Promise<CollectionChange | undefined>;
  readCollection(key: string): Promise<ArtifactCollection | undefined>;
  listCollections(): Promise<readonly ArtifactCollection[]>;
};
