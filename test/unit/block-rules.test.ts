// What blocks are made of: checksums over Python's JSON, hidden secrets, references.
import { describe, expect, it } from 'vitest';
import { world } from '../../shared/adapters/world.ts';
import type { BlockDocument, OpenBlock } from '../../shared/domain/block/block.ts';
import { blockChecksum } from '../../shared/domain/block/checksum.ts';
import { isRawObject, parseRaw, pythonJson } from '../../shared/domain/block/raw-json.ts';
import { fullBlock, mostDepth, separateReferences } from '../../shared/domain/block/references.ts';
import { maskSecrets, restoreSecrets, secretPaths } from '../../shared/domain/block/secrets.ts';

describe("Python's JSON", () => {
  it.each([
    ['{"b": 1, "a": [true, null, "x"]}', '{"a": [true, null, "x"], "b": 1}'],
    ['[1.0, 1, -0, -0.0, 10.50, 1e2]', '[1.0, 1, 0, -0.0, 10.5, 100.0]'],
    ['[1e16, 1e15, 123456789012345678901234567890]', '[1e+16, 1000000000000000.0, 123456789012345678901234567890]'],
    ['[0.0001, 0.00001, 1.5e-7, 1e400]', '[0.0001, 1e-05, 1.5e-07, Infinity]'],
    ['"ü \\u0000 🚀 \\" \\\\ /"', '"\\u00fc \\u0000 \\ud83d\\ude80 \\" \\\\ /"'],
    ['{"🚀": 1, "\\uffff": 2}', '{"\\uffff": 2, "\\ud83d\\ude80": 1}'],
    ['{"__proto__": {"a": 1}}', '{"__proto__": {"a": 1}}'],
    ['{}', '{}'],
  ])('writes %s as %s', (text, expected) => {
    expect(pythonJson(parseRaw(text))).toBe(expected);
  });
});

describe('a checksum', () => {
  const checksum = (fields: object) => {
    const raw = parseRaw(JSON.stringify(fields));
    return isRawObject(raw) ? blockChecksum(world.sha256, raw) : '';
  };

  it('passes over secret fields at any depth and over definitions of blocks', () => {
    const bare = { properties: { a: { $ref: '#/definitions/A' } } };
    const block = { A: { block_type_slug: 'a', title: 'A' } };

    expect(checksum({ ...bare, secret_fields: ['x'], definitions: block })).toBe(checksum(bare));
    expect(checksum({ properties: { a: { secret_fields: [], b: 1 } } })).toBe(
      checksum({ properties: { a: { b: 1 } } }),
    );
  });

  it('counts definitions that are referred to and are no blocks, circles among them included', () => {
    const circle = { A: { title: 'A', properties: { again: { $ref: '#/definitions/A' } } } };
    const fields = { properties: { a: { $ref: '#/definitions/A' } }, definitions: circle };

    expect(checksum(fields)).not.toBe(checksum({ properties: fields.properties }));
    expect(checksum({ ...fields, definitions: { ...circle, Other: { title: 'O' } } })).toBe(checksum(fields));
  });
});

describe('secrets', () => {
  const paths = (...declared: string[]) => secretPaths({ secret_fields: declared });

  it.each([
    [{ a: 'x', b: 1 }, ['a'], { a: '********', b: 1 }],
    [{ a: null }, ['a'], { a: null }],
    [{ a: { b: 'x', c: 'y' } }, ['a.b'], { a: { b: '********', c: 'y' } }],
    [{ a: { b: { c: 'x' }, d: null } }, ['a.*'], { a: { b: { c: '********' }, d: '********' } }],
    [{ a: {} }, ['a.*'], { a: '********' }],
    [{ a: { b: 'x' } }, ['a'], { a: '********' }],
    [{ a: ['x'] }, ['a', 'a'], { a: '********' }],
    [{ a: 'x' }, ['b', 'b.c', 'a.b'], { a: 'x' }],
  ])('of %j by %j are seen as %j', (data, declared, seen) => {
    expect(maskSecrets(data, paths(...declared))).toEqual(seen);
  });

  it('that come back masked mean what is there, and nothing where nothing was', () => {
    const current = { a: 'x', b: { c: 'y' } };
    const update = { a: '********', b: { c: '********', d: '********' }, e: '********' };

    const restored = restoreSecrets(update, current, paths('a', 'b.*'));

    expect(restored).toEqual({ a: 'x', b: { c: 'y', d: '********' }, e: '********' });
  });
});

describe('references', () => {
  const block = (id: string, references: Record<string, string>, data = {}): OpenBlock => {
    const document: BlockDocument = {
      id,
      created: 0,
      updated: 0,
      version: 1,
      name: id,
      blockTypeId: 't',
      blockTypeName: 'T',
      blockSchemaId: 's',
      isAnonymous: false,
      references,
    };
    return { document, data };
  };

  it('stand under a key of the data; deeper ones are data', () => {
    const id = '11111111222243338444555555555555';
    const deep = { $ref: { block_document_id: id } };

    expect(separateReferences({ a: deep, b: { c: deep }, d: 1 })).toEqual({
      ok: true,
      data: { b: { c: deep }, d: 1 },
      references: { a: '11111111-2222-4333-8444-555555555555' },
    });
  });

  it('are filled in at every depth, and end where they go round in a circle', () => {
    const blocks = new Map(
      [block('a', { b: 'b' }), block('b', { a: 'a' }, { x: 1 })].map((one) => [one.document.id, one]),
    );
    const root = block('a', { b: 'b', gone: 'nobody' });

    const full = fullBlock(root, blocks);

    const depth = (JSON.stringify(full.data).match(/"[ab]":/g) ?? []).length;
    expect(depth).toBe(mostDepth);
    expect(full.data).not.toHaveProperty('gone');
  });
});
