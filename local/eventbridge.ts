// The local EventBridge: PutEvents, and rules that hand matching events to their targets inside the program.
// Rule: a target that fails is tried again until the bus closes; an event that no rule wants is gone.

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { AwsError, type AwsService, unknownOperation } from './aws-endpoint.ts';
import { account, region } from './ecs/names.ts';
import { compileEventPattern } from './event-pattern.ts';

/** An event as its targets get it. */
export type BusEvent = {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
};

export type BusRule = {
  readonly name: string;
  readonly eventBusName: string;
  /** An EventBridge event pattern, as JSON. */
  readonly pattern: unknown;
  /** Hands the event to the rule's target; a rejection is tried again, so the target may see it twice. */
  readonly deliver: (event: BusEvent) => Promise<void>;
};

export type LocalEventBridgeOptions = {
  readonly rules: readonly BusRule[];
  /** Buses that no rule names. `default` is always there. */
  readonly eventBusNames?: readonly string[];
  /** Epoch milliseconds, for events that bring no time. @default Date */
  readonly clock?: { now(): number };
};

export type LocalEventBridge = {
  /** For the signing name `events`. */
  readonly service: AwsService;
  /** Puts an AWS service's own event on the default bus; resolves when every rule that wants it has delivered it. */
  publish(event: BusEvent): Promise<void>;
  /** Gives up what is not delivered yet. */
  close(): Promise<void>;
};

const firstPauseMilliseconds = 50;
const longestPauseMilliseconds = 5_000;
const maxRequestBytes = 1024 * 1024;

type CompiledRule = BusRule & { readonly matches: (event: unknown) => boolean };

type Bus = {
  readonly names: ReadonlySet<string>;
  readonly send: (eventBusName: string, event: BusEvent) => Promise<void>;
  readonly now: () => number;
};

export function createLocalEventBridge(options: LocalEventBridgeOptions): LocalEventBridge {
  const rules = options.rules.map((rule) => ({ ...rule, matches: compileRule(rule) }));
  const names = new Set(['default', ...(options.eventBusNames ?? []), ...rules.map((rule) => rule.eventBusName)]);
  const closing = new AbortController();
  const send = async (eventBusName: string, event: BusEvent): Promise<void> => {
    const wanted = rules.filter((rule) => rule.eventBusName === eventBusName && rule.matches(event));
    await Promise.all(wanted.map((rule) => deliverUntilTaken(rule, event, closing.signal)));
  };
  const bus = { names, send, now: () => (options.clock ?? Date).now() };
  const service: AwsService = async (operation, input) => {
    if (operation !== 'PutEvents') throw unknownOperation(operation);
    return putEvents(bus, input);
  };
  return { service, publish: (event) => send('default', event), close: async () => closing.abort() };
}

function compileRule({ name, pattern }: BusRule): (event: unknown) => boolean {
  try {
    return compileEventPattern(pattern);
  } catch (error) {
    throw new Error(`rule ${name} has a pattern that cannot be used`, { cause: error });
  }
}

async function deliverUntilTaken(rule: CompiledRule, event: BusEvent, signal: AbortSignal): Promise<void> {
  let pauseMilliseconds = firstPauseMilliseconds;
  while (!signal.aborted) {
    try {
      await rule.deliver(event);
      return;
    } catch {
      await pause(pauseMilliseconds, undefined, { signal }).catch(() => undefined);
      pauseMilliseconds = Math.min(pauseMilliseconds * 2, longestPauseMilliseconds);
    }
  }
  throw new Error(`the bus closed before ${rule.name} took event ${event.id}`);
}

const entrySchema = z.looseObject({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().default('default'),
  Resources: z.array(z.string()).default([]),
  Time: z.number().optional(),
});
const requestSchema = z.looseObject({ Entries: z.array(entrySchema) });
type Entry = z.infer<typeof entrySchema>;
type EntryError = { readonly ErrorCode: string; readonly ErrorMessage: string };

/** PutEvents: up to 10 entries and 1 MiB; what is wrong with one entry is told beside the others' event ids. */
async function putEvents(bus: Bus, input: unknown): Promise<unknown> {
  const parsed = requestSchema.safeParse(input);
  if (!parsed.success) throw validation(parsed.error.issues.map((issue) => issue.message).join('; '));
  const entries = parsed.data.Entries;
  if (entries.length < 1 || entries.length > 10) {
    const bound = entries.length < 1 ? 'greater than or equal to 1' : 'less than or equal to 10';
    throw validation(
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${bound}`,
    );
  }
  const sizeBytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  if (sizeBytes > maxRequestBytes) throw validation('Total size of the entries in the request is over the limit.');
  const results = entries.map((entry) => putEntry(bus, entry));
  return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
}

function validation(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/** Source: "Calculating Amazon EventBridge event entry size". */
function entryBytes({ Time, Source, DetailType, Detail, Resources }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), Time === undefined ? 0 : 14);
}

function putEntry(bus: Bus, entry: Entry): EntryError | { readonly EventId: string } {
  const problem = entryProblem(bus, entry);
  if (problem !== undefined) return problem;
  const event = toEvent(bus, entry);
  // The caller was answered as soon as the bus has the event; a closing bus may lose it, as this promise says.
  bus.send(busName(entry), event).catch(() => undefined);
  return { EventId: event.id };
}

function entryProblem({ names }: Bus, entry: Entry): EntryError | undefined {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[name] === undefined || entry[name] === '') {
      return invalidArgument(`Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
    }
  }
  if (entry.Source?.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  if (!isJsonObject(entry.Detail ?? '')) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  // AWS may take the event and lose it. Here a misspelled bus is told, since nobody could find the event again.
  if (!names.has(busName(entry))) return invalidArgument(`Event bus ${entry.EventBusName} does not exist.`);
  return undefined;
}

function invalidArgument(message: string): EntryError {
  return { ErrorCode: 'InvalidArgument', ErrorMessage: message };
}

function busName({ EventBusName }: Entry): string {
  return EventBusName.startsWith('arn:') ? EventBusName.slice(EventBusName.lastIndexOf('/') + 1) : EventBusName;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function toEvent({ now }: Bus, entry: Entry): BusEvent {
  const milliseconds = entry.Time === undefined ? now() : entry.Time * 1000;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': entry.DetailType ?? '',
    source: entry.Source ?? '',
    account,
    time: `${new Date(milliseconds).toISOString().slice(0, 19)}Z`,
    region,
    resources: entry.Resources,
    detail: JSON.parse(entry.Detail ?? '{}'),
  };
}
