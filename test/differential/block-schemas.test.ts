// The blocks that Prefect brings along, and the checksums of any others, against Prefect's own code.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { world } from '../../shared/adapters/world.ts';
import {
  builtInBlocks,
  builtInSchema,
  builtInType,
  builtInVersion,
} from '../../shared/domain/block/built-in/built-in-blocks.ts';
import { blockChecksum } from '../../shared/domain/block/checksum.ts';
import { isRawObject, parseRaw } from '../../shared/domain/block/raw-json.ts';
import type { Json, JsonObject } from '../../shared/domain/json.ts';
import { isJsonList, isJsonObject } from '../../shared/domain/template/json-value.ts';
import { askPython } from './prefect-oracle.ts';

const theirBlock = z.object({
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  logo_url: z.string(),
  documentation_url: z.string(),
  checksum: z.string(),
  fields: z.record(z.string(), z.json()),
  capabilities: z.array(z.string()),
  version: z.string(),
});
const making = { sha256: world.sha256, now: 0 };

let theirs: readonly z.output<typeof theirBlock>[] = [];
beforeAll(async () => {
  const [answer] = await askPython('prefect', 'block_schemas.py', [{ ask: 'blocks' }]);
  theirs = z.array(theirBlock).parse(answer?.ok === true ? answer.answer : []);
}, 600_000);

describe('the built-in blocks', () => {
  it('are those of Prefect, each by its slug', () => {
    expect(builtInBlocks.map(({ slug }) => slug).sort()).toEqual(theirs.map(({ slug }) => slug).sort());
  });

  it('have the names, checksums, abilities and shapes of those of Prefect, but for their words', () => {
    const ours = builtInBlocks.map((block) => {
      const [type, schema] = [builtInType(block, making), builtInSchema(block, making)];
      return {
        slug: type.slug,
        name: type.name,
        logo_url: type.logoUrl,
        documentation_url: type.documentationUrl,
        checksum: schema.checksum,
        fields: withoutWords(schema.fields),
        capabilities: [...schema.capabilities].sort(),
        version: builtInVersion,
      };
    });
    const wanted = theirs.map(({ description: _words, ...block }) => ({
      ...block,
      fields: withoutWords(asServed(block.fields)),
    }));

    expect(bySlug(ours)).toEqual(bySlug(wanted));
  });

  it('are described in words of our own', () => {
    const wordsOf = new Map(theirs.map(({ slug, description }) => [slug, description]));

    expect(builtInBlocks.filter(({ slug, description }) => wordsOf.get(slug) === description)).toEqual([]);
  });
});

describe('a checksum', () => {
  it('is the one that Prefect computes, for its own blocks and for fields of any shape', async () => {
    const own = theirs.map(({ fields }) => JSON.stringify(fields));
    const random = fc.sample(fields, { numRuns: 300, seed: 7 });
    const texts = [...own, ...random, ...spelled];
    const answers = await askPython(
      'prefect',
      'block_schemas.py',
      texts.map((text) => ({ ask: 'checksum', fields: text })),
    );

    const differing = texts.filter((text, at) => {
      const raw = parseRaw(text);
      const answer = answers[at];
      return !isRawObject(raw) || answer?.ok !== true || answer.answer !== blockChecksum(world.sha256, raw);
    });

    expect(differing.slice(0, 3)).toEqual([]);
  });
});

/** Numbers as a client writes them, which no JavaScript would. */
const spelled = [
  '1.0',
  '1e5',
  '-0.0',
  '1E-7',
  '100000000000000000000',
  '0.1',
  '1e22',
  '123456789.123456789',
  '5e-324',
].map((number) => `{"properties": {"a": {"default": ${number}, "title": "Ä 🚀 \\u2028"}}}`);

const definition = fc.record(
  {
    title: fc.string(),
    block_type_slug: fc.constantFrom(null, 'a', 'b'),
    $ref: fc.constantFrom('#/definitions/B', '#/definitions/C'),
  },
  { requiredKeys: [] },
);

const fields = fc
  .record(
    {
      title: fc.string({ unit: 'binary' }),
      properties: fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(fc.jsonValue(), definition)),
      secret_fields: fc.array(fc.string()),
      definitions: fc.record({ A: definition, B: definition, C: definition }, { requiredKeys: [] }),
      $ref: fc.constant('#/definitions/A'),
    },
    { requiredKeys: [] },
  )
  // Prefect has no end for definitions that go round in a circle.
  .filter((value) => !JSON.stringify(value.definitions ?? {}).includes('$ref'))
  .map((value) => JSON.stringify(value));

function bySlug<T extends { readonly slug: string }>(blocks: readonly T[]): readonly T[] {
  return blocks.toSorted((one, other) => (one.slug < other.slug ? -1 : 1));
}

/** Prefect's server shows no definitions where there is nothing in them. */
function asServed({ definitions, ...rest }: Readonly<Record<string, Json>>): JsonObject {
  const isEmpty = isJsonObject(definitions) && Object.values(definitions).every((one) => JSON.stringify(one) === '{}');
  return definitions === undefined || isEmpty ? rest : { ...rest, definitions };
}

/** Descriptions and examples are our own, everything else is compared. */
function withoutWords(value: Json): Json {
  if (isJsonList(value)) return value.map(withoutWords);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key, entry]) => {
    return !(key === 'description' && typeof entry === 'string') && !(key === 'examples' && isJsonList(entry));
  });
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutWords(entry)]));
}
