// Settings that Prefect's API has no field for: variables of a base job template, read by name whatever the type of the
// pool and whatever the template does with them. A pool says them by the template's defaults, a deployment by its job
// variables; null counts as not given.
import type { Deployment, WorkPool } from '../catalogue.ts';
import type { Json } from '../json.ts';
import { fieldOf, objectOf } from '../template/json-value.ts';

export type VariablePlace = {
  readonly pool?: Pick<WorkPool, 'baseJobTemplate'> | undefined;
  readonly deployment?: Pick<Deployment, 'jobVariables'> | undefined;
};

export type NamedVariables = {
  readonly ofPool: (name: string) => Json | undefined;
  readonly own: (name: string) => Json | undefined;
  /** The deployment's own, else the pool's. */
  readonly either: (name: string) => Json | undefined;
};

export function namedVariables({ pool, deployment }: VariablePlace): NamedVariables {
  const properties = objectOf(objectOf(pool?.baseJobTemplate, 'variables'), 'properties');
  const ofPool = (name: string): Json | undefined => fieldOf(objectOf(properties, name), 'default');
  const own = (name: string): Json | undefined => fieldOf(deployment?.jobVariables, name);
  return { ofPool, own, either: (name) => own(name) ?? ofPool(name) };
}

/** Above 0; anything else counts as not given. */
export function wholeNumber(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}
