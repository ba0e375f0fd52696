// How long a pool keeps the log lines of its runs: a variable of its base job template, so that every client can set it.
import type { WorkPool } from '../catalogue.ts';
import { fieldOf, objectOf } from '../template/json-value.ts';

const retentionVariable = 'log_retention_days';

/** Days; undefined: until the run is deleted. */
export function retentionDays({ baseJobTemplate }: Pick<WorkPool, 'baseJobTemplate'>): number | undefined {
  const properties = objectOf(objectOf(baseJobTemplate, 'variables'), 'properties');
  const days = fieldOf(objectOf(properties, retentionVariable), 'default');
  return typeof days === 'number' && days > 0 ? days : undefined;
}
