// Reading fields of an event's payload, which users' processes write: what is not of the wanted kind is not there.
import type { Json, JsonObject } from '../json.ts';
import { type StateDetails, type StateType, stateTypes } from '../run/state.ts';

export function objectField(from: JsonObject, name: string): JsonObject | undefined {
  const value = from[name];
  return isObject(value) ? value : undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textField(from: JsonObject, name: string): string | undefined {
  const value = from[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberField(from: JsonObject, name: string): number | undefined {
  const value = from[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function textsField(from: JsonObject, name: string): readonly string[] | undefined {
  const value = from[name];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : undefined;
}

/** Epoch milliseconds, microseconds as their fraction; ISO text without an offset is UTC. */
export function timeField(from: JsonObject, name: string): number | undefined {
  const text = textField(from, name);
  return text === undefined ? undefined : readTime(text);
}

const isoPattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/i;

export function readTime(text: string): number | undefined {
  const [, day, clock, fraction, zone = 'Z'] = isoPattern.exec(text.trim()) ?? [];
  if (day === undefined || clock === undefined) return undefined;
  const whole = Date.parse(`${day}T${clock}${zone.toUpperCase()}`);
  if (Number.isNaN(whole)) return undefined;
  return fraction === undefined ? whole : whole + Number(`0.${fraction}`) * 1000;
}

/** A timedelta: seconds, or ISO 8601 text of hours, minutes and seconds. Milliseconds come out. */
export function durationMsField(from: JsonObject, name: string): number | undefined {
  const seconds = numberField(from, name);
  if (seconds !== undefined) return seconds * 1000;
  const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(textField(from, name) ?? '');
  if (match === null) return undefined;
  const [hours = 0, minutes = 0, rest = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (hours * 3600 + minutes * 60 + rest) * 1000;
}

export function stateTypeField(from: JsonObject, name: string): StateType | undefined {
  const text = textField(from, name);
  return stateTypes.find((type) => type === text);
}

/** Prefect's state_details; what says nothing (null, false) is left out. */
export function detailsFrom(fields: JsonObject): StateDetails {
  const scheduledTime = timeField(fields, 'scheduled_time');
  const transitionId = textField(fields, 'transition_id');
  const pauseTimeout = timeField(fields, 'pause_timeout');
  const pauseKey = textField(fields, 'pause_key');
  const other = Object.entries(fields).filter(
    ([name, value]) => !namedDetails.has(name) && value !== null && value !== false,
  );
  return {
    ...(scheduledTime === undefined ? {} : { scheduledTime: Math.floor(scheduledTime) }),
    ...(transitionId === undefined ? {} : { transitionId }),
    ...(pauseTimeout === undefined ? {} : { pauseTimeout: Math.floor(pauseTimeout) }),
    ...(fields['pause_reschedule'] === true ? { pauseReschedule: true } : {}),
    ...(pauseKey === undefined ? {} : { pauseKey }),
    ...(other.length === 0 ? {} : { other: Object.fromEntries(other) }),
  };
}

const namedDetails = new Set([
  'flow_run_id',
  'task_run_id',
  'scheduled_time',
  'transition_id',
  'pause_timeout',
  'pause_reschedule',
  'pause_key',
]);
