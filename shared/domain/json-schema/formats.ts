// The formats that Prefect's server checks, as loosely as it does. What is not listed is not checked.
import { isIpv4, isIpv6 } from './addresses.ts';

const dateTime = /^(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const checks: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date', isDate],
  ['date-time', (text) => isDate(dateTime.exec(text)?.[1] ?? '')],
  ['email', (text) => text.includes('@')],
  ['idn-email', (text) => text.includes('@')],
  ['ipv4', isIpv4],
  ['ipv6', isIpv6],
  ['regex', isPattern],
  ['uuid', (text) => uuid.test(text)],
]);

export function hasFormat(text: string, format: string): boolean {
  return checks.get(format)?.(text) ?? true;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
