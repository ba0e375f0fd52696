// What templates of automations see: events with their resources, labels as a path of members, models, and dates that
// print as Python prints them.
import type { EventResource, PrefectEvent } from '../event/event.ts';
import { eventToWire } from '../event/event-to-wire.ts';
import { isoText } from '../iso-time.ts';
import { type Callable, type Dict, isSpecial, type Special, textOf, type Value } from '../jinja/value.ts';
import type { Json, JsonObject } from '../json.ts';
import { isJsonList, isJsonObject } from '../template/json-value.ts';
import { formatDate } from './date-format.ts';

/** A special value with named members and a text; `source` is what `tojson` writes. */
class Thing implements Special {
  readonly isSpecial = true;
  readonly kind: string;
  readonly id: string;
  readonly mapping?: ReadonlyMap<string, Value>;
  private readonly members: ReadonlyMap<string, Value>;
  private readonly source: Json;
  private readonly label: string;

  constructor(parts: {
    readonly kind: string;
    readonly id?: string;
    readonly members: ReadonlyMap<string, Value>;
    readonly source: Json;
    readonly label?: string;
    readonly mapping?: ReadonlyMap<string, Value>;
  }) {
    this.kind = parts.kind;
    this.id = parts.id ?? '';
    this.members = parts.members;
    this.source = parts.source;
    this.label = parts.label ?? textOf(plain(parts.source));
    if (parts.mapping !== undefined) this.mapping = parts.mapping;
  }

  member(name: string): Value {
    return this.members.get(name);
  }

  text(): string {
    return this.label;
  }

  json(): Json {
    return this.source;
  }
}

/** JSON as a value; nothing in it is special. */
export function plain(json: Json): Value {
  if (isJsonList(json)) return json.map(plain);
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([key, entry]) => [key, plain(entry)]));
}

/** A moment as Python's datetime in UTC. */
export function dateValue(epochMilliseconds: number): Special {
  const iso = isoText(epochMilliseconds);
  const [day = '', clock = ''] = iso
    .replace('Z', '')
    .replace(/\.000$/, '')
    .split('T');
  const digits = clock.replace(/\.(\d{3})$/, '.$1000');
  const date = new Date(Math.floor(epochMilliseconds));
  const text = `${day} ${digits}+00:00`;
  const members = new Map<string, Value>([
    ['year', date.getUTCFullYear()],
    ['month', date.getUTCMonth() + 1],
    ['day', date.getUTCDate()],
    ['hour', date.getUTCHours()],
    ['minute', date.getUTCMinutes()],
    ['second', date.getUTCSeconds()],
    ['microsecond', Math.round((epochMilliseconds % 1000) * 1000)],
    ['timestamp', () => epochMilliseconds / 1000],
    ['isoformat', () => `${day}T${digits}+00:00`],
    ['date', () => day],
    ['weekday', () => (date.getUTCDay() + 6) % 7],
    ['isoweekday', () => ((date.getUTCDay() + 6) % 7) + 1],
    ['strftime', ([format]: readonly Value[]) => formatDate(date, textOf(format))],
  ]);
  return new Thing({ kind: 'datetime', members, source: iso, label: text });
}

/** When a value is a moment: epoch milliseconds. */
export function momentOf(value: Value): number | undefined {
  if (!isSpecial(value) || !(value instanceof Thing) || value.kind !== 'datetime') return undefined;
  const iso = value.json();
  return typeof iso === 'string' ? Date.parse(iso) : undefined;
}

const momentKeys = /(?:_time|_timestamp|^timestamp|^created|^updated|^occurred|^received|^last_polled)$/;

/** A model of Prefect's API under its kind (`flow-run`): members are its fields, times are dates. */
export function modelValue(kind: string, fields: JsonObject): Special {
  const id = fields['id'];
  return new Thing({
    kind,
    id: typeof id === 'string' ? id : '',
    members: new Map(Object.entries(fields).map(([key, entry]) => [key, fieldValue(key, entry)])),
    source: fields,
  });
}

function fieldValue(key: string, json: Json): Value {
  if (typeof json === 'string' && momentKeys.test(key)) {
    const moment = Date.parse(json);
    return Number.isNaN(moment) ? json : dateValue(moment);
  }
  if (isJsonList(json)) return json.map((entry) => fieldValue('', entry));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, entry]) => [name, fieldValue(name, entry)]));
}

/** Labels as members: `labels.prefect.resource.id`, and `labels['prefect.resource.id']`. */
export function labelsValue(labels: EventResource, own = ''): Special {
  const heads = new Map<string, Record<string, string>>();
  const values = new Map<string, string>();
  for (const [label, value] of Object.entries(labels)) {
    const dot = label.indexOf('.');
    if (dot < 0) values.set(label, value);
    else {
      const head = label.slice(0, dot);
      heads.set(head, { ...heads.get(head), [label.slice(dot + 1)]: value });
    }
  }
  const members = new Map<string, Value>();
  for (const [name, value] of values) members.set(name, labelsValue({}, value));
  for (const [name, below] of heads) members.set(name, labelsValue(below, values.get(name) ?? ''));
  return new Thing({
    kind: 'labels',
    members,
    source: own === '' ? { ...labels } : own,
    label: own,
    mapping: new Map(Object.entries(labels)),
  });
}

function resourceValue(resource: EventResource): Special {
  const id = resource['prefect.resource.id'] ?? '';
  const members = new Map<string, Value>([
    ['id', id],
    ['name', resource['prefect.resource.name'] ?? null],
    ['role', resource['prefect.resource.role'] ?? null],
    ['labels', labelsValue(resource)],
    ['root', { ...resource }],
  ]);
  return new Thing({
    kind: 'resource',
    id,
    members,
    source: { ...resource },
    mapping: new Map(Object.entries(resource)),
  });
}

/** @param uiUrl where the web page stands; undefined: there is none */
export function eventValue(event: PrefectEvent, uiUrl: string | undefined): Special {
  const related = event.related.map(resourceValue);
  const inRole = (role: string) =>
    related.filter((resource) => resource.mapping?.get('prefect.resource.role') === role);
  const roles = [...new Set(event.related.map((resource) => resource['prefect.resource.role'] ?? ''))];
  const byRole: Dict = Object.fromEntries(roles.map((role) => [role, inRole(role)[0]]));
  const allByRole: Dict = Object.fromEntries(roles.map((role) => [role, inRole(role)]));
  const find: Callable = ([label]) => event.resource[textOf(label)] ?? null;
  const day = new Date(Math.floor(event.occurred)).toISOString().slice(0, 10);
  const members = new Map<string, Value>([
    ['id', event.id],
    ['event', event.event],
    ['occurred', dateValue(event.occurred)],
    ['received', dateValue(event.received)],
    ['resource', resourceValue(event.resource)],
    ['related', related],
    ['payload', plain(event.payload)],
    ['follows', event.follows ?? null],
    ['involved_resources', [resourceValue(event.resource), ...related]],
    ['resource_in_role', byRole],
    ['resources_in_role', allByRole],
    ['find_resource_label', find],
    ['url', uiUrl === undefined ? null : `${uiUrl}/events/event/${day}/${event.id}`],
  ]);
  return new Thing({ kind: 'received-event', id: event.id, members, source: eventToWire(event) });
}

/** What kind of thing a value is, and its id: for links. */
export function identityOf(
  value: Value,
): { readonly kind: string; readonly id: string; readonly name?: string } | undefined {
  if (!isSpecial(value) || !(value instanceof Thing)) return undefined;
  const name = value.member('name');
  return { kind: value.kind, id: value.id, ...(typeof name === 'string' ? { name } : {}) };
}
