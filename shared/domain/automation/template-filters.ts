// The filters that Prefect adds to the templates of automations: links to the web page, and times in words.

import type { Filter } from '../jinja/filter.ts';
import { fileSize } from '../jinja/filters.ts';
import { numberOf, textOf, type Value } from '../jinja/value.ts';
import { naturalDelta, naturalTime } from './date-format.ts';
import { dateValue, identityOf, momentOf } from './template-values.ts';

/** Which things have a page of their own, by kind. */
const pages: ReadonlyMap<string, string> = new Map([
  ['flow', 'flows/flow'],
  ['flow-run', 'runs/flow-run'],
  ['task-run', 'runs/task-run'],
  ['block-document', 'blocks/block'],
  ['work-pool', 'work-pools/work-pool'],
  ['work-queue', 'work-queues/work-queue'],
  ['concurrency-limit', 'concurrency-limits/concurrency-limit'],
  ['deployment', 'deployments/deployment'],
  ['automation', 'automations/automation'],
]);

function pageOf(value: Value, uiUrl: string): string | null {
  const identity = identityOf(value);
  if (identity === undefined) return null;
  const { kind, id, name } = identity;
  const [root, resourceKind = ''] = kind === 'resource' ? id.split('.') : ['prefect', kind];
  const page = root === 'prefect' ? pages.get(resourceKind) : undefined;
  if (page === undefined) return null;
  const last =
    kind === 'resource' ? id.slice(id.lastIndexOf('.') + 1) : resourceKind === 'work-pool' ? (name ?? id) : id;
  return `${uiUrl}/${page}/${last}`;
}

const kindsWithEvents: readonly string[] = [
  'automation',
  'deployment',
  'flow',
  'flow-run',
  'task-run',
  'work-queue',
  'work-pool',
];

function eventsPageOf(value: Value, uiUrl: string): string | null {
  const identity = identityOf(value);
  if (identity === undefined) return null;
  if (identity.kind === 'resource') return `${uiUrl}/events?resource=${identity.id}`;
  return kindsWithEvents.includes(identity.kind)
    ? `${uiUrl}/events?resource=prefect.${identity.kind}.${identity.id}`
    : null;
}

const runInText = /flow-run\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/;

function secondsOf(value: Value): number {
  return numberOf(value);
}

function momentOrFail(value: Value): number {
  const moment = momentOf(value) ?? (typeof value === 'string' ? Date.parse(value) : undefined);
  return moment ?? numberOf(value);
}

function withCommas(value: Value): string {
  const [whole = '', fraction] = textOf(value).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function ordinal(value: Value): string {
  const number = Math.trunc(numberOf(value));
  const isTeen = Math.floor(Math.abs(number) / 10) % 10 === 1;
  const ending = isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][Math.abs(number) % 10] ?? 'th');
  return `${number}${ending}`;
}

/** @param uiUrl without a slash at the end; undefined: there is no web page, and links are None */
export function templateFilters({
  uiUrl,
  now,
}: {
  readonly uiUrl: string | undefined;
  readonly now: number;
}): ReadonlyMap<string, Filter> {
  const link =
    (make: (value: Value, url: string) => string | null): Filter =>
    (value) =>
      uiUrl === undefined ? null : make(value, uiUrl);
  return new Map<string, Filter>([
    ['ui_url', link(pageOf)],
    ['ui_resource_events_url', link(eventsPageOf)],
    ['flow_run_id', (value) => (value ? (runInText.exec(textOf(value))?.[1] ?? null) : null)],
    ['humanize_naturaltime', (value) => naturalTime(momentOrFail(value), now)],
    ['humanize_naturaldelta', (value) => naturalDelta(secondsOf(value))],
    ['humanize_precisedelta', (value) => naturalDelta(secondsOf(value))],
    ['humanize_naturalday', (value) => textOf(dateValue(momentOrFail(value))).slice(0, 10)],
    ['humanize_naturaldate', (value) => textOf(dateValue(momentOrFail(value))).slice(0, 10)],
    ['humanize_naturalsize', (value) => fileSize(numberOf(value), false)],
    ['humanize_intcomma', withCommas],
    ['humanize_ordinal', ordinal],
  ]);
}
