// The comparison of schemas with Prefect's bites: each kind of difference is named, at its place.

import { describe, expect, it } from 'vitest';
import { notKept } from '../../scripts/openapi/kept-shapes.ts';
import type { Schema } from '../../scripts/openapi/shape.ts';
import { shapeDrift } from '../../scripts/openapi/shape-drift.ts';
import { shapesIn } from '../../scripts/openapi/shapes-in.ts';

const text: Schema = { type: 'string' };
const textOrNull: Schema = { anyOf: [text, { type: 'null' }] };
const thing: Schema = {
  type: 'object',
  properties: { name: text, size: { type: 'integer' }, colour: { enum: ['red', 'blue'] } },
  required: ['name'],
};

function aDocument({ request = thing, response = thing }: { request?: Schema; response?: Schema }) {
  const content = (schema: Schema) => ({ content: { 'application/json': { schema } } });
  const post = { requestBody: content(request), responses: { '201': content(response) } };
  return shapesIn({ paths: { '/things/': { post } }, components: { schemas: { Thing: thing } } });
}

const thingWith = (properties: Readonly<Record<string, Schema>>): Schema => ({
  ...thing,
  properties: { ...thing.properties, ...properties },
});
const model = aDocument({});

describe('schemas', () => {
  it('that are the same, by a name or in place, do not differ', () => {
    const ref = { $ref: '#/components/schemas/Thing' };

    expect(shapeDrift(aDocument({ request: ref, response: ref }), model)).toEqual([]);
  });

  it.each([
    ['type', { request: thingWith({ size: text }) }, 'request.size is string, Prefect’s integer'],
    [
      'closed set',
      { request: thingWith({ colour: { enum: ['red'] } }) },
      'request.colour may be red, Prefect’s blue, red',
    ],
    ['field too many', { request: thingWith({ hue: text }) }, 'request.hue is unknown to Prefect'],
    [
      'required field',
      { request: { ...thing, required: [] } },
      'request.name is not required, Prefect’s is the other way round',
    ],
    ['null', { response: thingWith({ name: textOrNull }) }, 'response.name is null or string, Prefect’s string'],
    ['value', { response: thingWith({ colour: text }) }, 'response.colour may be anything, Prefect’s blue, red'],
    [
      'missing field',
      { response: { type: 'object', properties: { name: text }, required: ['name'] } },
      'response.size is missing',
    ],
  ])('that differ in a %s are named with its place', (_what, ours, sentence) => {
    expect(shapeDrift(aDocument(ours), model)).toContain(`POST /things/: ${sentence}`);
  });

  it('differ in the items of lists and in what a request does not take', () => {
    const wanted = aDocument({ request: { type: 'array', items: textOrNull } });

    const drift = shapeDrift(aDocument({ request: { type: 'array', items: text } }), wanted);

    expect(drift).toEqual(['POST /things/: request[] is string, Prefect’s null or string']);
  });

  it('of requests may take null, and of answers may be narrower or have more', () => {
    const ours = aDocument({
      request: thingWith({ size: { type: ['integer', 'null'] } }),
      response: thingWith({ colour: { enum: ['red'] }, extra: text }),
    });

    expect(shapeDrift(ours, model)).toEqual([]);
  });

  it('that nobody serves are named', () => {
    expect(shapeDrift({ components: {}, operations: {} }, model)).toEqual(['POST /things/: is not served']);
  });
});

it('keeps the differences that are listed, and wants no list longer than it has to be', () => {
  const kept = [{ reason: 'why', differences: ['one', 'gone'] }];

  expect(notKept(['one is a, Prefect’s b', 'two'], kept)).toEqual([
    'two',
    'no difference is "gone" any more: scripts/openapi/kept-shapes.ts',
  ]);
});
