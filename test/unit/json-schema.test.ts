// Values against schemas, in the words of the validator that Prefect's server uses.
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import { preparedSchema } from '../../shared/domain/json-schema/prepare.ts';
import { problemTree } from '../../shared/domain/json-schema/problem.ts';
import { problemsOf, SchemaError } from '../../shared/domain/json-schema/validate.ts';

const messages = (schema: JsonObject, value: Json) => problemsOf(schema, value).map(({ message }) => message);

// Written as text: an object with a `then` of its own looks like a promise.
const conditional: JsonObject = JSON.parse('{ "if": { "type": "integer" }, "then": { "minimum": 5 } }');

describe('a value that does not fit', () => {
  it.each<[JsonObject, Json, string]>([
    [{ type: 'integer' }, 1.5, "1.5 is not of type 'integer'"],
    [{ type: ['string', 'null'] }, 4, "4 is not of type 'string', 'null'"],
    [{ enum: ['x', 'y'] }, 'z', "'z' is not one of ['x', 'y']"],
    [{ const: 1 }, 2, '1 was expected'],
    [{ minimum: 2 }, 1, '1 is less than the minimum of 2'],
    [{ maximum: 2 }, 3, '3 is greater than the maximum of 2'],
    [{ exclusiveMinimum: 1 }, 1, '1 is less than or equal to the minimum of 1'],
    [{ exclusiveMaximum: 1 }, 1, '1 is greater than or equal to the maximum of 1'],
    [{ multipleOf: 2 }, 3, '3 is not a multiple of 2'],
    [{ minLength: 3 }, 'b', "'b' is too short"],
    [{ minLength: 1 }, '', "'' should be non-empty"],
    [{ maxLength: 1 }, '🚀🚀', "'🚀🚀' is too long"],
    [{ minItems: 1 }, [], '[] should be non-empty'],
    [{ maxItems: 1 }, [1, 2], '[1, 2] is too long'],
    [{ uniqueItems: true }, [{ a: 1 }, { a: 1 }], "[{'a': 1}, {'a': 1}] has non-unique elements"],
    [{ pattern: '^a' }, 'b', "'b' does not match '^a'"],
    [{ format: 'uuid' }, 'x', "'x' is not a 'uuid'"],
    [{ format: 'date-time' }, '2026-02-30T00:00:00Z', "'2026-02-30T00:00:00Z' is not a 'date-time'"],
    [{ format: 'ipv6' }, '1::2::3', "'1::2::3' is not a 'ipv6'"],
    [{ minProperties: 2 }, { a: 1 }, "{'a': 1} does not have enough properties"],
    [{ required: ['a'] }, {}, "'a' is a required property"],
    [{ anyOf: [{ type: 'string' }] }, 3, '3 is not valid under any of the given schemas'],
    [
      { oneOf: [{ type: 'integer' }, { type: 'number' }] },
      1,
      "1 is valid under each of {'type': 'integer'}, {'type': 'number'}",
    ],
    [{ not: { type: 'string' } }, 's', "'s' should not be valid under {'type': 'string'}"],
    [{ contains: { type: 'integer' } }, ['a'], "['a'] does not contain items matching the given schema"],
    [{ dependentRequired: { x: ['y'] } }, { x: 1 }, "'y' is a dependency of 'x'"],
    [{ properties: { a: false } }, { a: 1 }, 'False schema does not allow 1'],
    [
      { additionalProperties: false },
      { b: 1, c: 2 },
      "Additional properties are not allowed ('b', 'c' were unexpected)",
    ],
    [conditional, 1, '1 is less than the minimum of 5'],
    [{ allOf: [{ minimum: 5 }] }, 1, '1 is less than the minimum of 5'],
    [{ $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'null' } } }, 1, "1 is not of type 'null'"],
  ])('%j is told of %j', (schema, value, message) => {
    expect(messages(schema, value)).toEqual([message]);
  });
});

it.each<[JsonObject, Json]>([
  [{ type: 'integer' }, 1],
  [{ type: 'number' }, 1.5],
  [{ enum: [{ a: 1, b: 2 }] }, { b: 2, a: 1 }],
  [{ format: 'unheard-of' }, 'x'],
  [{ format: 'date-time' }, '2026-02-28T23:59:60Z'],
  [{ format: 'ipv6' }, '::ffff:1.2.3.4'],
  [{ prefixItems: [{ type: 'integer' }], items: { type: 'string' } }, [1, 'a']],
  [{ patternProperties: { '^x': { type: 'integer' } }, additionalProperties: false }, { x1: 1 }],
  [{ contains: { type: 'integer' }, minContains: 0 }, []],
])('%j takes %j', (schema, value) => {
  expect(messages(schema, value)).toEqual([]);
});

describe('places', () => {
  it('are a tree of properties and indexes', () => {
    const item = { type: 'object', properties: { b: { type: 'integer' } }, required: ['b'] };
    const schema = { properties: { a: { items: item } } };

    const tree = problemTree(problemsOf(schema, { a: [{}, { b: 'x' }] }));

    expect(tree).toEqual([
      {
        property: 'a',
        errors: [
          { index: 0, errors: [{ property: 'b', errors: ["'b' is a required property"] }] },
          { index: 1, errors: [{ property: 'b', errors: ["'x' is not of type 'integer'"] }] },
        ],
      },
    ]);
  });

  it('that are not known yet have no problem, and those that failed have only their own', () => {
    const open = {};
    const schema = { properties: { a: { type: 'integer' }, b: { type: 'integer', minimum: 3 } } };
    const known = { problems: new Map([['b', 'no such variable']]), isOpen: (value: Json) => value === open };

    expect(problemsOf(schema, { a: open, b: null }, known)).toEqual([{ path: ['b'], message: 'no such variable' }]);
  });
});

describe('schemas', () => {
  it('of recursive types end with the values', () => {
    const schema = {
      $ref: '#/definitions/X',
      definitions: { X: { type: 'object', properties: { next: { $ref: '#/definitions/X' } } } },
    };

    expect(messages(schema, { next: { next: 1 } })).toEqual(["1 is not of type 'object'"]);
  });

  it.each(['#', '#/definitions/none', 'http://example.com/x'])('that refer to %s cannot be applied', ($ref) => {
    expect(() => problemsOf({ $ref }, {})).toThrow(SchemaError);
  });

  it('of old pydantic let optional fields be null, and tuples be tuples', () => {
    const schema = preparedSchema({
      properties: { a: { type: 'integer' }, b: { type: 'integer', default: 1 }, c: { items: [{ type: 'integer' }] } },
    });

    expect(messages(schema, { a: null, b: 2, c: [1] })).toEqual([]);
    expect(messages(schema, { b: null, c: ['x'] })).toEqual([
      "None is not of type 'integer'",
      "'x' is not of type 'integer'",
    ]);
  });

  it('of blocks take a reference in place of the block', () => {
    const block = { title: 'B', block_type_slug: 'b', type: 'object', required: ['q'] };
    const schema = preparedSchema({ properties: { a: { $ref: '#/definitions/B' } }, definitions: { B: block } });

    expect(messages(schema, { a: { $ref: { block_document_id: 'x' } } })).toEqual([]);
    expect(messages(schema, { a: { z: 1 } })).toHaveLength(1);
  });
});
