// Blocks that call an address of the user's own: `custom-webhook`, whose texts have placeholders, and `webhook`.
import type { Json, JsonObject } from '../json.ts';
import { isJsonObject } from '../template/json-value.ts';
import { applyToObject, applyValues } from '../template/substitution.ts';
import { flagField, numberField, objectField, textField, textMap } from './block-fields.ts';
import { type Deliveries, defaultTimeoutMs, longestTimeoutMs, type OutgoingRequest } from './delivery.ts';

const methods: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** `{{subject}}`, `{{body}}`, `{{name}}` and the names of the block's secrets stand for values. */
export function customWebhook(
  data: JsonObject,
  message: { readonly subject: string; readonly body: string },
): Deliveries {
  const values = {
    ...objectField(data, 'secrets'),
    subject: message.subject,
    body: message.body,
    name: textField(data, 'name') ?? '',
  };
  const given = { values, environment: {} };
  const filled = applyToObject(withoutNulls(data), given);
  const address = applyValues(textField(data, 'url') ?? '', given);
  const url = typeof address === 'string' ? URL.parse(address) : null;
  if (url === null) return { kind: 'problem', problem: 'the url of the block is no address' };
  for (const [key, value] of Object.entries(textMap(filled['params']))) url.searchParams.append(key, value);
  const cookies = Object.entries(textMap(filled['cookies'])).map(([key, value]) => `${key}=${value}`);
  const { body, type } = bodyOf(filled);
  const headers = {
    'user-agent': 'Prefect Notifications',
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
    ...lowerKeys(textMap(filled['headers'])),
  };
  const timeoutMs = Math.min(
    longestTimeoutMs,
    Math.max(1, numberField(data, 'timeout', defaultTimeoutMs / 1000) * 1000),
  );
  return {
    kind: 'deliveries',
    deliveries: [
      {
        kind: 'http',
        request: { ...shared(data), url: url.href, headers, timeoutMs, ...(body === undefined ? {} : { body }) },
      },
    ],
  };
}

function withoutNulls(data: JsonObject): JsonObject {
  const { secrets: _secrets, ...rest } = data;
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
}

function bodyOf(filled: JsonObject): { readonly body?: string; readonly type?: string } {
  const json: Json | undefined = filled['json_data'];
  if (json !== undefined) return { body: JSON.stringify(json), type: 'application/json' };
  const form = filled['form_data'];
  if (typeof form === 'string') return { body: form };
  if (!isJsonObject(form)) return {};
  return { body: new URLSearchParams(textMap(form)).toString(), type: 'application/x-www-form-urlencoded' };
}

function lowerKeys(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function shared(data: JsonObject): Pick<OutgoingRequest, 'method' | 'verifies' | 'network'> {
  const method = textField(data, 'method') ?? 'POST';
  return {
    method: methods.includes(method) ? method : 'POST',
    verifies: flagField(data, 'verify', true),
    network: flagField(data, 'allow_private_urls', true) ? 'any' : 'public',
  };
}

/** A `webhook` block, called with a payload; a payload that is JSON says so, unless the block's headers say otherwise. */
export function webhookRequest(data: JsonObject, payload: string): OutgoingRequest | undefined {
  const url = textField(data, 'url');
  if (url === undefined) return undefined;
  const headers = lowerKeys(textMap(data['headers']));
  const type = 'content-type' in headers || !isJson(payload) ? {} : { 'content-type': 'application/json' };
  return {
    ...shared(data),
    url,
    headers: { 'user-agent': 'Prefect Notifications', ...type, ...headers },
    timeoutMs: defaultTimeoutMs,
    ...(payload === '' ? {} : { body: payload }),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
