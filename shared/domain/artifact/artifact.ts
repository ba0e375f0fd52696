// What runs leave to be looked at, and which of those with the same key is the latest.
import type { Json } from '../json.ts';

type Kept = { readonly id: string; readonly created: number; readonly updated: number };

export type Artifact = Kept & {
  /** How often it was written. */
  readonly version: number;
  readonly key?: string;
  readonly type?: string;
  readonly description?: string;
  readonly data: Json;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly flowRunId?: string;
  readonly taskRunId?: string;
};

/** A key that artifacts have, with what lists of keys are filtered by. The rest is read from the latest artifact. */
export type ArtifactCollection = Kept & {
  readonly key: string;
  readonly latestId: string;
  /** When the latest artifact was made: an older one never takes its place. */
  readonly latestAt: number;
  readonly type?: string;
  readonly flowRunId?: string;
  readonly taskRunId?: string;
};

/** The entry of a key whose latest artifact is this one. */
export function collectionOf(artifact: Artifact & { readonly key: string }, id: string, created: number) {
  return {
    id,
    created,
    updated: artifact.updated,
    key: artifact.key,
    latestId: artifact.id,
    latestAt: artifact.created,
    ...(artifact.type === undefined ? {} : { type: artifact.type }),
    ...(artifact.flowRunId === undefined ? {} : { flowRunId: artifact.flowRunId }),
    ...(artifact.taskRunId === undefined ? {} : { taskRunId: artifact.taskRunId }),
  } satisfies ArtifactCollection;
}
