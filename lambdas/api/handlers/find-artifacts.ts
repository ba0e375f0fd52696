// Lists and counts of artifacts. A key or a run that is named is read from its own list; everything else reads heads
// newest first, page by page and up to a bound.
import type { ArtifactCollection } from '../../../shared/domain/artifact/artifact.ts';
import {
  type ArtifactCollectionFilter,
  type ArtifactFilter,
  type ArtifactSort,
  inArtifactOrder,
  isNewestFirst,
  matchesArtifact,
  matchesCollection,
} from '../../../shared/domain/filter/artifact-filters.ts';
import type { Maybe } from '../../../shared/domain/filter/condition.ts';
import type { ArtifactHead, ArtifactOwner } from '../../../shared/ports/artifacts.ts';
import type { ApiDeps } from '../deps.ts';
import { Refusal } from '../refusal.ts';
import { ofMatchingRuns, type RunsOfArtifacts } from './artifact-runs.ts';
import { cut, type Window } from './paging.ts';

const mostHeads = 5_000;
/** Ids alone are cheap: a count of all artifacts reads no artifact. */
const mostIds = 20_000;

export type ArtifactQuery = RunsOfArtifacts & { readonly artifacts?: Maybe<ArtifactFilter> };
export type CollectionQuery = RunsOfArtifacts & { readonly artifacts?: Maybe<ArtifactCollectionFilter> };
type Listing = { readonly sort: ArtifactSort; readonly window: Window };

/** @throws Refusal invalid_request when too many would have to be read; it says which filter to add */
export async function findArtifacts(
  deps: ApiDeps,
  query: ArtifactQuery,
  { sort, window }: Listing,
): Promise<readonly ArtifactHead[]> {
  const enough = isNewestFirst(sort) ? window.offset + window.limit : Number.POSITIVE_INFINITY;
  const matching = await matchingHeads(deps, query, enough);
  return cut(inArtifactOrder(matching, sort), window);
}

export async function countArtifacts(deps: ApiDeps, query: ArtifactQuery): Promise<number> {
  const { artifacts, flow_runs, task_runs, flows, deployments } = query;
  if (artifacts || flow_runs || task_runs || flows || deployments) {
    return (await matchingHeads(deps, query, Number.POSITIVE_INFINITY)).length;
  }
  let count = 0;
  for await (const page of deps.artifacts.list()) {
    count += page.length;
    if (count > mostIds) throw tooMany(mostIds);
  }
  return count;
}

export async function findCollections(deps: ApiDeps, query: CollectionQuery): Promise<readonly ArtifactCollection[]> {
  const { artifacts: filter } = query;
  const keys = filter?.operator === 'or_' ? undefined : filter?.key?.any_;
  const collections = keys
    ? (await Promise.all([...new Set(keys)].map((key) => deps.artifacts.readCollection(key)))).flatMap(
        (one) => one ?? [],
      )
    : await deps.artifacts.listCollections();
  const own = collections.filter((collection) => !filter || matchesCollection(filter, collection));
  return ofMatchingRuns(deps, own, query);
}

async function matchingHeads(deps: ApiDeps, query: ArtifactQuery, enough: number): Promise<readonly ArtifactHead[]> {
  const { artifacts: filter } = query;
  const matching: ArtifactHead[] = [];
  let read = 0;
  for await (const ids of candidates(deps, query)) {
    if (read + ids.length > mostHeads) throw tooMany(mostHeads);
    read += ids.length;
    const heads = await deps.artifacts.readHeads(ids);
    const own = heads.filter((head) => !filter || matchesArtifact(filter, head));
    matching.push(...(await ofMatchingRuns(deps, own, query)));
    if (matching.length >= enough) break;
  }
  return matching;
}

function tooMany(bound: number): Refusal {
  const cure = 'add artifacts.key.any_, artifacts.flow_run_id.any_ or artifacts.task_run_id.any_';
  return new Refusal('invalid_request', `more than ${bound} artifacts would have to be read for this filter: ${cure}`);
}

/** Ids that can match, newest first: their ids tell when artifacts were made. */
async function* candidates(deps: ApiDeps, query: ArtifactQuery): AsyncGenerator<readonly string[]> {
  const { artifacts: filter, flow_runs: runs } = query;
  const isEvery = filter?.operator !== 'or_';
  if (isEvery && filter?.id?.any_) {
    yield newestFirst(filter.id.any_);
    return;
  }
  const owners: readonly (readonly [ArtifactOwner, Maybe<readonly string[]>])[] = [
    ['key', isEvery ? filter?.key?.any_ : undefined],
    ['flow_run', isEvery ? filter?.flow_run_id?.any_ : undefined],
    ['task_run', isEvery ? filter?.task_run_id?.any_ : undefined],
    ['flow_run', runs?.operator === 'or_' ? undefined : runs?.id?.any_],
  ];
  for (const [owner, values] of owners) {
    if (!values) continue;
    yield newestFirst(await idsOf(deps, owner, values));
    return;
  }
  yield* deps.artifacts.list();
}

async function idsOf(deps: ApiDeps, owner: ArtifactOwner, values: readonly string[]): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (const value of new Set(values)) {
    for await (const page of deps.artifacts.listOf(owner, value)) {
      for (const id of page) ids.add(id);
      if (ids.size > mostHeads) throw tooMany(mostHeads);
    }
  }
  return [...ids];
}

function newestFirst(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)].sort().reverse();
}
