// Where the awslogs driver puts what a container writes: stream `prefix/container/task id` of the group it names.
import type { JsonObject } from '../json.ts';
import { isJsonObject, listOf, textOf } from '../template/json-value.ts';
import { logTargetOf } from './definition.ts';

export function outputPlace(
  definition: JsonObject,
  container: string,
  taskArn: string,
): { readonly group: string; readonly stream: string } | undefined {
  const named = listOf(definition, 'containerDefinitions').find(
    (one) => isJsonObject(one) && textOf(one, 'name') === container,
  );
  const target = isJsonObject(named) ? logTargetOf(named) : undefined;
  if (target === undefined) return undefined;
  return { group: target.group, stream: `${target.streamPrefix}/${container}/${taskArn.split('/').at(-1) ?? ''}` };
}
