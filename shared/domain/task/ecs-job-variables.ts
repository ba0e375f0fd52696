// What can be said of a pool or a deployment when it is saved, before any run: whether Fargate offers its size, and
// whether its launch settings can be meant.
// Judges the rendered configuration, not the names of variables, so that templates of any make are covered.
import type { Json, JsonObject } from '../json.ts';
import type { Problem } from '../template/job-variable-check.ts';
import { findPlaceholders } from '../template/placeholder.ts';
import { populate } from '../template/render.ts';
import { checkFargateSize, readCpu, readMemory } from './fargate-size.ts';
import { type AskedSize, definitionSize, readLaunch, taskSize } from './launch.ts';
import { checkAgainstCapacity, launchSettingsOf } from './launch-settings.ts';

/**
 * Problems of a template with these (merged) job variables; none for an empty template. A size that still depends on a
 * block or a Prefect variable is left to the launch.
 */
export function checkEcsJobVariables(template: JsonObject, jobVariables: JsonObject): readonly Problem[] {
  if (Object.keys(template).length === 0) return [];
  const populated = populate(template, jobVariables);
  if (!populated.ok) return [{ variable: 'job_variables', problem: populated.problem }];
  const problem = checkSizes(populated.configuration);
  const read = launchSettingsOf(template, jobVariables);
  return [
    ...(problem === undefined ? [] : [{ variable: 'cpu', problem }]),
    ...(read.ok ? checkAgainstCapacity(read.settings, readLaunch(populated.configuration).capacity) : read.problems),
  ];
}

/** Why the size that a configuration asks for cannot be had; undefined when it can. Other capacity has no grid. */
export function checkSizes(configuration: JsonObject): string | undefined {
  const { isFargate, taskDefinition } = readLaunch(configuration);
  const registered = taskDefinition === undefined ? checkSize(definitionSize(configuration), isFargate) : undefined;
  return registered ?? checkSize(taskSize(configuration), isFargate);
}

function checkSize({ cpu, memory }: Partial<AskedSize>, isFargate: boolean): string | undefined {
  if (cpu === undefined || memory === undefined || isOpen(cpu) || isOpen(memory)) return undefined;
  const units = readCpu(cpu);
  if (units === undefined) return `cpu must be CPU units such as 1024 or "1 vCPU", got ${JSON.stringify(cpu)}`;
  const megabytes = readMemory(memory);
  if (megabytes === undefined) return `memory must be MiB such as 2048 or "2 GB", got ${JSON.stringify(memory)}`;
  const check = checkFargateSize({ cpu: units, memory: megabytes });
  return check.ok || !isFargate ? undefined : check.problem;
}

function isOpen(value: Json): boolean {
  return typeof value === 'string' && findPlaceholders(value).length > 0;
}
