// What a pool, deployment or run wants done with a living task whose engine gives no sign of life (design rule 12):
// a job variable, read by name, whatever the template does with it.
import type { JsonObject } from '../json.ts';
import { mergeJobVariables, nestDottedKeys, templateDefaults } from '../template/job-variables.ts';
import { fieldOf } from '../template/json-value.ts';

export const silencePolicies = ['leave', 'stop'] as const;
export type SilencePolicy = (typeof silencePolicies)[number];

export type SilenceAsked = {
  readonly template: JsonObject;
  readonly deployment: JsonObject;
  readonly run: JsonObject;
};

/** The run's word over the deployment's over the template's default; anything but `stop` leaves the task alone. */
export function whenSilent({ template, deployment, run }: SilenceAsked): SilencePolicy {
  const ignore = () => undefined;
  const values = nestDottedKeys(mergeJobVariables(deployment, run), ignore);
  const asked = fieldOf(values, 'when_silent') ?? fieldOf(templateDefaults(template, ignore), 'when_silent');
  return asked === 'stop' ? 'stop' : 'leave';
}
