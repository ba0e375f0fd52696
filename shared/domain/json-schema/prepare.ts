// What Prefect's server makes of a schema before it judges values by it: old pydantic's optional fields may be null,
// its tuples are tuples, and a block may be given by reference.
import type { Json, JsonObject } from '../json.ts';
import { fieldOf, isJsonList, isJsonObject, listOf, textOf, withoutKeys } from '../template/json-value.ts';

export function preparedSchema(schema: JsonObject): JsonObject {
  const prepared = preparedProperties(schema);
  const definitions = fieldOf(prepared, 'definitions');
  if (!isJsonObject(definitions)) return prepared;
  const own = Object.entries(definitions).map(([name, definition]): [string, Json] => [
    name,
    isJsonObject(definition) ? preparedProperties(definition) : definition,
  ]);
  const blocks = own.flatMap(([, definition]): [string, Json][] => {
    const title = textOf(definition, 'title');
    const isBlock = fieldOf(definition, 'block_type_slug') !== undefined;
    return isBlock && title !== undefined ? [[title, { oneOf: [definition, blockReference] }]] : [];
  });
  return { ...prepared, definitions: Object.fromEntries([...own, ...blocks]) };
}

/** `{"$ref": "<id>"}` or `{"$ref": {"block_document_id": "<id>"}}` */
const blockReference: JsonObject = {
  type: 'object',
  properties: {
    $ref: {
      oneOf: [
        { type: 'string', format: 'uuid' },
        { type: 'object', additionalProperties: { type: 'string' }, minProperties: 1 },
      ],
    },
  },
  required: ['$ref'],
};

function preparedProperties(schema: JsonObject): JsonObject {
  const properties = fieldOf(schema, 'properties');
  if (!isJsonObject(properties)) return schema;
  const required = listOf(schema, 'required');
  const entries = Object.entries(properties).map(([name, property]): [string, Json] => [
    name,
    isJsonObject(property) ? preparedProperty(property, required.includes(name)) : property,
  ]);
  return { ...schema, properties: Object.fromEntries(entries) };
}

function preparedProperty(property: JsonObject, isRequired: boolean): JsonObject {
  const type = fieldOf(property, 'type');
  const isFixed = isRequired || type === undefined || type === 'null' || Object.hasOwn(property, 'default');
  const nullable = isFixed ? property : { ...withoutKeys(property, ['type']), anyOf: [{ type }, { type: 'null' }] };
  const items = fieldOf(nullable, 'items');
  const isTuple = isJsonList(items) && items.length > 0 && listOf(nullable, 'prefixItems').length === 0;
  return preparedProperties(isTuple ? { ...withoutKeys(nullable, ['items']), prefixItems: items } : nullable);
}
