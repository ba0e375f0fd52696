// Which events a filter of Prefect's means, by its wire names. What a filter leaves out holds for every event.
// Source: `EventFilter`; where Prefect's live matcher and its queries differ, this follows the queries.
import { matchesPattern } from '../automation/resource-match.ts';
import type { Maybe } from '../filter/condition.ts';
import { matchesText } from '../filter/log-filter.ts';
import type { EventResource, PrefectEvent } from './event.ts';

type Texts = Maybe<readonly string[]>;

/** Labels, each with the patterns of which its value must fit one. */
export type ResourceSpecification = Readonly<Record<string, string | readonly string[]>>;

export type EventFilter = {
  /** Epoch milliseconds, both included. */
  readonly occurred?: { readonly since?: number | undefined; readonly until?: number | undefined } | undefined;
  readonly event?: Maybe<{
    readonly prefix?: Texts;
    readonly exclude_prefix?: Texts;
    readonly name?: Texts;
    readonly exclude_name?: Texts;
  }>;
  readonly resource?: Maybe<AnyResourceFilter & { readonly distinct?: boolean | undefined }>;
  readonly related?: Maybe<RelatedFilter | readonly RelatedFilter[]>;
  readonly any_resource?: Maybe<AnyResourceFilter | readonly AnyResourceFilter[]>;
  readonly id?: { readonly id?: Texts } | undefined;
  readonly text?: Maybe<{ readonly query: string }>;
  readonly order?: 'ASC' | 'DESC' | undefined;
};

type AnyResourceFilter = {
  readonly id?: Texts;
  readonly id_prefix?: Texts;
  readonly labels?: Maybe<ResourceSpecification>;
};

type RelatedFilter = {
  readonly id?: Texts;
  readonly role?: Texts;
  /** Pairs of id and role. */
  readonly resources_in_roles?: Maybe<readonly (readonly [string, string])[]>;
  readonly labels?: Maybe<ResourceSpecification>;
};

const idLabel = 'prefect.resource.id';
const roleLabel = 'prefect.resource.role';

/** A resource as filters see it: the one that the event is about has the empty role. */
type Involved = { readonly id: string; readonly role: string; readonly labels: EventResource };

/** `distinct` and `order` are about lists, not about one event. */
export function matchesEvent(filter: EventFilter, event: PrefectEvent): boolean {
  const { occurred, id, event: name, resource, text } = filter;
  if (occurred?.since !== undefined && event.occurred < occurred.since) return false;
  if (occurred?.until !== undefined && event.occurred > occurred.until) return false;
  if (!oneOf(id?.id, (wanted) => wanted === event.id)) return false;
  if (name && !matchesName(name, event.event)) return false;
  const primary = primaryOf(event);
  if (resource && !matchesPrimary(resource, primary)) return false;
  const involved = [primary, ...event.related.map(involvedAs)];
  if (!listOf(filter.related).every((one) => matchesRelated(one, involved))) return false;
  if (!listOf(filter.any_resource).every((one) => involved.some((each) => matchesInvolved(one, each)))) return false;
  return !text || matchesText(text.query, searchedText(event));
}

function matchesName(filter: NonNullable<EventFilter['event']>, name: string): boolean {
  return (
    oneOf(filter.prefix, (prefix) => name.startsWith(prefix)) &&
    oneOf(filter.name, (wanted) => wanted === name) &&
    !filter.exclude_prefix?.some((prefix) => name.startsWith(prefix)) &&
    !filter.exclude_name?.includes(name)
  );
}

/** A role that it bears by itself counts neither as its role nor as a label. */
function primaryOf({ resource }: PrefectEvent): Involved {
  const { [roleLabel]: _role, ...labels } = resource;
  return { id: resource[idLabel] ?? '', role: '', labels };
}

function involvedAs(labels: EventResource): Involved {
  return { id: labels[idLabel] ?? '', role: labels[roleLabel] ?? '', labels };
}

function matchesPrimary(filter: AnyResourceFilter, primary: Involved): boolean {
  return matchesIds(filter, primary) && (!filter.labels || matchesLabels(filter.labels, primary));
}

function matchesIds({ id, id_prefix }: AnyResourceFilter, involved: Involved): boolean {
  return oneOf(id, (wanted) => wanted === involved.id) && oneOf(id_prefix, (prefix) => involved.id.startsWith(prefix));
}

function matchesInvolved(filter: AnyResourceFilter, involved: Involved): boolean {
  return matchesIds(filter, involved) && (!filter.labels || matchesRoleAndLabels(filter.labels, involved));
}

/** All conditions must hold for one and the same resource; a filter without conditions asks for none. */
function matchesRelated(filter: RelatedFilter, involved: readonly Involved[]): boolean {
  const { id, role, resources_in_roles: pairs, labels } = filter;
  const isEmpty = ![id, role, pairs].some((list) => list?.length) && Object.keys(labels ?? {}).length === 0;
  if (isEmpty) return true;
  return involved.some(
    (one) =>
      (role?.length ? role.includes(one.role) : one.role !== '') &&
      oneOf(id, (wanted) => wanted === one.id) &&
      oneOf(pairs, ([wantedId, wantedRole]) => wantedId === one.id && wantedRole === one.role) &&
      (!labels || matchesRoleAndLabels(labels, one)),
  );
}

/** Roles are compared as they are, every other label as a pattern. */
function matchesRoleAndLabels({ [roleLabel]: roles, ...labels }: ResourceSpecification, involved: Involved): boolean {
  return (
    oneOf(roles === undefined ? [] : listOf(roles), (role) => role === involved.role) && matchesLabels(labels, involved)
  );
}

function matchesLabels(specification: ResourceSpecification, { labels }: Involved): boolean {
  return Object.entries(specification).every(([label, patterns]) => {
    const value = Object.hasOwn(labels, label) ? labels[label] : undefined;
    const wanted = listOf<string>(patterns);
    return (label === idLabel && wanted.length === 0) || wanted.some((pattern) => matchesPattern(pattern, value));
  });
}

/** Names, labels and the payload as JSON: keys are found as well as values. */
function searchedText({ event, resource, related, payload }: PrefectEvent): string {
  return `${event} ${JSON.stringify(resource)} ${JSON.stringify(related)} ${JSON.stringify(payload)}`;
}

/** An empty list asks for nothing. */
function oneOf<T>(wanted: Maybe<readonly T[]>, fits: (one: T) => boolean): boolean {
  return !wanted || wanted.length === 0 || wanted.some(fits);
}

function listOf<T>(value: Maybe<T | readonly T[]>): readonly T[] {
  if (value === null || value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
