// How a run's tasks are launched again and how long they may take: job variables, so that a pool sets them by its
// template's defaults and a deployment or run by its own. Read by name, whatever the template does with them.
import type { Json, JsonObject } from '../json.ts';
import { type InfrastructureRule, infrastructureRule } from '../run/infrastructure-rules.ts';
import type { Problem } from '../template/job-variable-check.ts';
import { nestDottedKeys, templateDefaults } from '../template/job-variables.ts';
import { fieldOf, isJsonList, isJsonObject, kindOf } from '../template/json-value.ts';
import { capacityTypeOf } from './capacity.ts';
import { checkFargateSize, type FargateSize } from './fargate-size.ts';

export const subnetRotations = ['never', 'after-failure', 'always'] as const;
export type SubnetRotation = (typeof subnetRotations)[number];

export const capacityFallbacks = ['on-demand'] as const;

export type LaunchSettings = {
  /** None: by the type of capacity. */
  readonly startDeadlineSeconds?: number;
  readonly maximumDurationSeconds?: number;
  /** New attempts that lost infrastructure may cost. */
  readonly infrastructureRetries?: number;
  readonly infrastructureRules: readonly InfrastructureRule[];
  readonly capacityFallback?: (typeof capacityFallbacks)[number];
  /** None: after a failure on Fargate, never elsewhere. */
  readonly subnetRotation?: SubnetRotation;
  readonly sizeAlternatives: readonly FargateSize[];
};

export type Limits = { readonly from: number; readonly to: number };

export const settingLimits = {
  /** A start takes half a minute at least; who waits a day for room has not planned for it. */
  start_deadline_seconds: { from: 30, to: 86_400 },
  /** Fargate retires tasks' hosts within weeks. */
  maximum_duration_seconds: { from: 1, to: 30 * 86_400 },
  infrastructure_retries: { from: 0, to: 10 },
} as const satisfies Record<string, Limits>;

export const mostSizes = 5;
export const mostRules = 20;

export type SettingsResult =
  | { readonly ok: true; readonly settings: LaunchSettings }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Of merged job variables over the defaults of a template; what is wrong with the template itself is not said here. */
export function launchSettingsOf(template: JsonObject, values: JsonObject): SettingsResult {
  const ignore = () => undefined;
  return readLaunchSettings({ ...templateDefaults(template, ignore), ...nestDottedKeys(values, ignore) });
}

type Reading = { readonly values: JsonObject; readonly problems: Problem[] };

/** `values`: job variables over the template's defaults; null counts as not given. Says every problem that it finds. */
export function readLaunchSettings(values: JsonObject): SettingsResult {
  const reading: Reading = { values, problems: [] };
  const settings = present({
    startDeadlineSeconds: wholeNumber(reading, 'start_deadline_seconds'),
    maximumDurationSeconds: wholeNumber(reading, 'maximum_duration_seconds'),
    infrastructureRetries: wholeNumber(reading, 'infrastructure_retries'),
    capacityFallback: oneOf(reading, 'capacity_fallback', capacityFallbacks),
    subnetRotation: oneOf(reading, 'subnet_rotation', subnetRotations),
    infrastructureRules: rulesIn(reading),
    sizeAlternatives: sizesIn(reading),
  });
  return reading.problems.length === 0 ? { ok: true, settings } : { ok: false, problems: reading.problems };
}

function present(
  all: { readonly [Key in keyof LaunchSettings]-?: LaunchSettings[Key] | undefined } & Pick<
    LaunchSettings,
    'infrastructureRules' | 'sizeAlternatives'
  >,
): LaunchSettings {
  const { startDeadlineSeconds, maximumDurationSeconds, infrastructureRetries, capacityFallback, subnetRotation } = all;
  return {
    ...(startDeadlineSeconds === undefined ? {} : { startDeadlineSeconds }),
    ...(maximumDurationSeconds === undefined ? {} : { maximumDurationSeconds }),
    ...(infrastructureRetries === undefined ? {} : { infrastructureRetries }),
    ...(capacityFallback === undefined ? {} : { capacityFallback }),
    ...(subnetRotation === undefined ? {} : { subnetRotation }),
    infrastructureRules: all.infrastructureRules,
    sizeAlternatives: all.sizeAlternatives,
  };
}

function given(values: JsonObject, name: string): Json | undefined {
  const value = fieldOf(values, name);
  return value === null ? undefined : value;
}

function seen(value: Json | undefined): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}

function wholeNumber({ values, problems }: Reading, variable: keyof typeof settingLimits): number | undefined {
  const value = given(values, variable);
  if (value === undefined) return undefined;
  const { from, to } = settingLimits[variable];
  if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value;
  problems.push({ variable, problem: `must be a whole number from ${from} to ${to}, got ${seen(value)}` });
  return undefined;
}

function oneOf<Word extends string>(
  { values, problems }: Reading,
  variable: string,
  words: readonly Word[],
): Word | undefined {
  const value = given(values, variable);
  if (value === undefined) return undefined;
  const word = words.find((allowed) => allowed === value);
  if (word !== undefined) return word;
  const got = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : seen(value);
  problems.push({ variable, problem: `must be one of ${words.join(', ')}, got ${got}` });
  return undefined;
}

function entriesOf({ values, problems }: Reading, variable: string, most: number): readonly Json[] {
  const value = given(values, variable);
  if (value === undefined) return [];
  if (isJsonList(value) && value.length <= most) return value;
  const got = isJsonList(value) ? `${value.length}` : seen(value);
  problems.push({ variable, problem: `must be a list of at most ${most}, got ${got}` });
  return [];
}

function sizesIn(reading: Reading): readonly FargateSize[] {
  const variable = 'size_alternatives';
  return entriesOf(reading, variable, mostSizes).flatMap((entry, at) => {
    const cpu = fieldOf(entry, 'cpu');
    const memory = fieldOf(entry, 'memory');
    if (isAmount(cpu) && isAmount(memory)) return [{ cpu, memory }];
    const got = isJsonObject(entry) ? `cpu ${seen(cpu)} and memory ${seen(memory)}` : seen(entry);
    reading.problems.push({
      variable: `${variable}.${at}`,
      problem: `must have cpu (CPU units) and memory (MiB) as whole numbers above 0, got ${got}`,
    });
    return [];
  });
}

function isAmount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

function rulesIn(reading: Reading): readonly InfrastructureRule[] {
  const variable = 'infrastructure_rules';
  return entriesOf(reading, variable, mostRules).flatMap((entry, at) => {
    const read = infrastructureRule(entry);
    if (read.ok) return [read.rule];
    reading.problems.push({ variable: `${variable}.${at}`, problem: read.problem });
    return [];
  });
}

/** What settings ask of a request that it cannot give. `capacity`: its `launchType` or `capacityProviderStrategy`. */
export function checkAgainstCapacity(settings: LaunchSettings, capacity: JsonObject): readonly Problem[] {
  const type = capacityTypeOf(capacity);
  const problems: Problem[] = [];
  if (settings.capacityFallback !== undefined && type !== 'FARGATE_SPOT') {
    const problem = `needs the launch type FARGATE_SPOT or a strategy that prefers that provider, got ${type}`;
    problems.push({ variable: 'capacity_fallback', problem });
  }
  if (type === 'FARGATE' || type === 'FARGATE_SPOT') {
    settings.sizeAlternatives.forEach((size, at) => {
      const check = checkFargateSize(size);
      if (!check.ok) problems.push({ variable: `size_alternatives.${at}`, problem: check.problem });
    });
  }
  return problems;
}
