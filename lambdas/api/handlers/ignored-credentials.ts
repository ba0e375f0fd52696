// Push pools start tasks with the role of the control plane: `aws_credentials` is accepted, ignored, and said so.
import { isPushPool, type WorkPool } from '../../../shared/domain/catalogue.ts';
import type { JsonObject } from '../../../shared/domain/json.ts';
import { fieldOf } from '../../../shared/domain/template/json-value.ts';
import type { ApiDeps } from '../deps.ts';

const message = 'aws credentials ignored';

export function noteCredentials(
  { log }: Pick<ApiDeps, 'log'>,
  pool: Pick<WorkPool, 'type' | 'name'>,
  given: { readonly jobVariables: JsonObject; readonly deployment: string },
): void {
  const credentials = fieldOf(given.jobVariables, 'aws_credentials') ?? null;
  if (!isPushPool(pool.type) || credentials === null) return;
  log('WARN', message, { work_pool: pool.name, deployment: given.deployment });
}

/** The same for what the template gives every run of the pool. */
export function noteDefaultCredentials(
  { log }: Pick<ApiDeps, 'log'>,
  { type, name, baseJobTemplate }: Pick<WorkPool, 'type' | 'name' | 'baseJobTemplate'>,
): void {
  const properties = fieldOf(fieldOf(baseJobTemplate, 'variables'), 'properties');
  const credentials = fieldOf(fieldOf(properties, 'aws_credentials'), 'default') ?? null;
  if (isPushPool(type) && credentials !== null) log('WARN', message, { work_pool: name });
}
