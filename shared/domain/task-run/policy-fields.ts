// The retry policy of a task run between the wire's fields and the words of the rules.
import type { JsonObject } from '../json.ts';
import { numberField } from './event-fields.ts';
import type { TaskRunPolicy } from './task-run.ts';

/** The deprecated fields stand in where the new ones are not given, as Prefect does. */
export function policyFromFields(fields: JsonObject): TaskRunPolicy {
  const maximum = numberField(fields, 'max_retries') ?? 0;
  const seconds = numberField(fields, 'retry_delay_seconds') ?? 0;
  const retries = numberField(fields, 'retries') ?? (maximum === 0 ? undefined : maximum);
  const delay = delayField(fields) ?? (seconds === 0 ? undefined : seconds);
  const jitter = numberField(fields, 'retry_jitter_factor');
  const other: JsonObject = {
    ...(maximum === 0 ? {} : { max_retries: maximum }),
    ...(seconds === 0 ? {} : { retry_delay_seconds: seconds }),
  };
  return {
    ...(retries === undefined ? {} : { retries }),
    ...(delay === undefined ? {} : { retryDelaySeconds: delay }),
    ...(jitter === undefined ? {} : { retryJitterFactor: jitter }),
    ...(Object.keys(other).length === 0 ? {} : { other }),
  };
}

function delayField(fields: JsonObject): number | readonly number[] | undefined {
  const value = fields['retry_delay'];
  if (Array.isArray(value)) return value.filter((entry) => typeof entry === 'number');
  return numberField(fields, 'retry_delay');
}

export function policyToFields(policy: TaskRunPolicy) {
  const { retryDelaySeconds: delay } = policy;
  return {
    max_retries: 0,
    retry_delay_seconds: 0,
    ...policy.other,
    retries: policy.retries ?? null,
    retry_delay: delay === undefined ? null : typeof delay === 'number' ? delay : [...delay],
    retry_jitter_factor: policy.retryJitterFactor ?? null,
  };
}
