// Which artifacts and keys of artifacts a filter means, and the orders they are listed in.
import type { Artifact, ArtifactCollection } from '../artifact/artifact.ts';
import type { AnyOf, Like, Maybe, NotAnyOf, WithOperator } from './condition.ts';
import { type FieldTable, meets } from './field-table.ts';

type Fields = {
  readonly key?: Maybe<Like & { readonly exists_?: Maybe<boolean> }>;
  readonly flow_run_id?: Maybe<AnyOf>;
  readonly task_run_id?: Maybe<AnyOf>;
  readonly type?: Maybe<NotAnyOf>;
};

export type ArtifactFilter = WithOperator & Fields & { readonly id?: Maybe<AnyOf> };
export type ArtifactCollectionFilter = WithOperator & Fields & { readonly latest_id?: Maybe<AnyOf> };

type Filterable = Pick<Artifact, 'key' | 'type' | 'flowRunId' | 'taskRunId'>;

const commonFields: FieldTable<Filterable> = {
  key: { read: ({ key }) => key, by: { exists_: ({ key }) => key !== undefined } },
  flow_run_id: { read: ({ flowRunId }) => flowRunId },
  task_run_id: { read: ({ taskRunId }) => taskRunId },
  type: { read: ({ type }) => type },
};

const artifactFields: FieldTable<Filterable & { readonly id: string }> = {
  ...commonFields,
  id: { read: ({ id }) => id },
};

const collectionFields: FieldTable<ArtifactCollection> = {
  ...commonFields,
  latest_id: { read: ({ latestId }) => latestId },
};

export function matchesArtifact(filter: ArtifactFilter, artifact: Filterable & { readonly id: string }): boolean {
  return meets(artifactFields, filter, artifact);
}

export function matchesCollection(filter: ArtifactCollectionFilter, collection: ArtifactCollection): boolean {
  return meets(collectionFields, filter, collection);
}

export type ArtifactSort = 'CREATED_DESC' | 'UPDATED_DESC' | 'ID_DESC' | 'KEY_DESC' | 'KEY_ASC';

type Sortable = { readonly id: string; readonly created: number; readonly updated: number; readonly key?: string };

/** What has no key stands where SQLite puts null: below every key. */
export function inArtifactOrder<T extends Sortable>(items: readonly T[], sort: ArtifactSort): readonly T[] {
  const orders = {
    CREATED_DESC: (one: T, other: T) => other.created - one.created || byText(other.id, one.id),
    UPDATED_DESC: (one: T, other: T) => other.updated - one.updated || byText(other.id, one.id),
    ID_DESC: (one: T, other: T) => byText(other.id, one.id),
    KEY_DESC: (one: T, other: T) => byText(other.key ?? '', one.key ?? '') || byText(other.id, one.id),
    KEY_ASC: (one: T, other: T) => byText(one.key ?? '', other.key ?? '') || byText(other.id, one.id),
  } satisfies Record<ArtifactSort, unknown>;
  return items.toSorted(orders[sort]);
}

/** The order in which artifacts are read, so that reading may stop early. */
export function isNewestFirst(sort: ArtifactSort): boolean {
  return sort === 'ID_DESC' || sort === 'CREATED_DESC';
}

function byText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
